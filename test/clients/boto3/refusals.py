"""Wrong credentials and clocks with plain boto3: the exception's code, status and message, service by service."""
import datetime
import json
import os

import boto3
import botocore.auth
from botocore.config import Config
from botocore.exceptions import ClientError

CALLS = {
    'sagemaker': lambda client: client.list_models(),
    'sagemaker-runtime': lambda client: client.invoke_endpoint(EndpointName='e', Body=b'1'),
    'lambda': lambda client: client.list_functions(),
    'logs': lambda client: client.describe_log_groups(),
    'iam': lambda client: client.list_roles(),
    'sts': lambda client: client.get_caller_identity(),
    's3': lambda client: client.list_buckets(),
}
JSON_SERVICES = {'sagemaker', 'logs'}
QUERY_SERVICES = {'iam', 'sts'}
once = Config(retries={'max_attempts': 0})
checks = 0


def expect(service, codes, **keys):
    """Codes in the order: JSON services, query services, S3."""
    global checks
    code = codes[2] if service == 's3' else codes[1] if service in QUERY_SERVICES else codes[0]
    status = 400 if service in JSON_SERVICES else 403
    try:
        CALLS[service](boto3.client(service, config=once, **keys))
    except ClientError as error:
        found = (error.response['Error']['Code'], error.response['ResponseMetadata']['HTTPStatusCode'])
        assert found[0] == code, (service, error.response)
        assert service == 's3' or found[1] == status, (service, error.response)
        assert error.response['Error']['Message'], error.response
        assert error.response['ResponseMetadata'].get('RequestId'), error.response
    else:
        raise AssertionError(f'{service}: {code} expected')
    checks += 1


for service in CALLS:
    expect(service, ('InvalidSignatureException', 'SignatureDoesNotMatch', 'SignatureDoesNotMatch'), aws_secret_access_key='x' * 40, aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'])
    expect(service, ('UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidAccessKeyId'), aws_access_key_id='AKIAIOSFODNN7EXAMPLE', aws_secret_access_key='x' * 40)
    expect(service, ('UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidToken'), aws_access_key_id=os.environ['AWS_ACCESS_KEY_ID'], aws_secret_access_key=os.environ['AWS_SECRET_ACCESS_KEY'], aws_session_token='no token')

now = botocore.auth.get_current_datetime
for minutes in (-16, 16):
    botocore.auth.get_current_datetime = lambda *args, **kwargs: now(*args, **kwargs) + datetime.timedelta(minutes=minutes)
    for service in CALLS:
        expect(service, ('InvalidSignatureException', 'SignatureDoesNotMatch', 'RequestTimeTooSkewed'))
botocore.auth.get_current_datetime = now

for service, call in {
    'ses': lambda client: client.list_identities(),
    'dynamodb': lambda client: client.list_tables(),
    'events': lambda client: client.list_rules(),
    'ec2': lambda client: client.describe_vpcs(),
    'cloudwatch': lambda client: client.list_dashboards(),
    'sagemaker': lambda client: client.list_training_jobs(),
    'lambda': lambda client: client.list_layers(),
    'iam': lambda client: client.list_virtual_mfa_devices(),
    's3': lambda client: client.get_bucket_cors(Bucket='models'),
}.items():
    try:
        call(boto3.client(service, config=once))
    except ClientError as error:
        assert error.response['Error']['Code'] == 'NotImplemented', (service, error.response)
        assert error.response['ResponseMetadata']['HTTPStatusCode'] == 501, (service, error.response)
        assert 'not implemented by Slipway' in error.response['Error']['Message'], (service, error.response)
    else:
        raise AssertionError(f'{service} answered')
    checks += 1

print(json.dumps({'checks': checks}))
