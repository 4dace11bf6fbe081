"""`--auth trust`: boto3 with keys that nobody knows, signed as boto3 likes."""
import io
import json
import os

import boto3
from botocore import UNSIGNED
from botocore.config import Config

os.environ.update(AWS_ACCESS_KEY_ID='test', AWS_SECRET_ACCESS_KEY='test')

assert boto3.client('sts').get_caller_identity()['Arn'] == 'arn:aws:iam::123456789012:root'
s3 = boto3.client('s3')
s3.create_bucket(Bucket='trusting')
s3.upload_fileobj(io.BytesIO(b'x' * 20_000_000), 'trusting', 'large')
s3.put_object(Bucket='trusting', Key='k', Body=io.BytesIO(b'content'), ChecksumAlgorithm='SHA256')
assert s3.get_object(Bucket='trusting', Key='k')['Body'].read() == b'content'
assert s3.head_object(Bucket='trusting', Key='large')['ContentLength'] == 20_000_000
s3.delete_objects(Bucket='trusting', Delete={'Objects': [{'Key': 'large'}]})
anonymous = boto3.client('s3', config=Config(signature_version=UNSIGNED))
assert [entry['Key'] for entry in anonymous.list_objects_v2(Bucket='trusting')['Contents']] == ['k']
session = boto3.client('sagemaker', region_name='eu-west-1', aws_access_key_id='a', aws_secret_access_key='b', aws_session_token='c')
made = session.create_model_package_group(ModelPackageGroupName='trusting')['ModelPackageGroupArn']
assert made.startswith('arn:aws:sagemaker:eu-west-1:123456789012:'), made
key = boto3.client('iam').create_user(UserName='ann') and boto3.client('iam').create_access_key(UserName='ann')['AccessKey']
as_ann = boto3.client('sts', aws_access_key_id=key['AccessKeyId'], aws_secret_access_key='wrong')
assert as_ann.get_caller_identity()['Arn'] == 'arn:aws:iam::123456789012:user/ann'
assert boto3.client('lambda').list_functions()['Functions'] == []
assert boto3.client('logs').describe_log_groups()['logGroups'] == []
print(json.dumps('trusted'))
