"""Streams a response with boto3 and prints, as JSON, what came: its parts, and the error that ended it, if one did."""
import base64
import json
import sys

import boto3
from botocore.exceptions import ClientError, EventStreamError

runtime = boto3.client('sagemaker-runtime')
seen = {'parts': []}
try:
    answer = runtime.invoke_endpoint_with_response_stream(
        EndpointName='chat', Body=sys.argv[1].encode(), ContentType='text/plain', Accept='text/event-stream'
    )
    seen['content_type'], seen['variant'] = answer['ContentType'], answer['InvokedProductionVariant']
    for event in answer['Body']:
        seen['parts'].append(base64.b64encode(event['PayloadPart']['Bytes']).decode())
except EventStreamError as error:
    seen['error'] = error.response['Error']
except ClientError as error:
    seen['error'] = error.response['Error']
print(json.dumps(seen))
