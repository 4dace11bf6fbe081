"""The main job with plain boto3: from a registered model version to an answer, and back to nothing.

Reads from the environment, besides what boto3 reads itself:
  IMAGE                              the image in the private registry, by tag or digest
  REGISTRY_USER, REGISTRY_PASSWORD   its login; absent when it needs none
Prints one JSON object of what it has seen.
"""
import io
import json
import os
import tarfile
import time
import zipfile

import boto3

ACCOUNT = '123456789012'
ROLE = f'arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole'
VPC = {'SecurityGroupIds': ['sg-0123456789abcdef0'], 'Subnets': ['subnet-0123456789abcdef0']}
PROVIDER = """
import os
def handler(event, context):
    return {'Credentials': {'Username': os.environ['USER_NAME'], 'Password': os.environ['PASSWORD']}}
"""

s3, functions, sagemaker = boto3.client('s3'), boto3.client('lambda'), boto3.client('sagemaker')
runtime, logs = boto3.client('sagemaker-runtime'), boto3.client('logs')
image = os.environ['IMAGE']
name = os.environ.get('NAME', f'walk-{int(time.time() * 1000)}')
# AmazonSageMakerFullAccess lets the role read from buckets that have sagemaker in their name.
bucket = f'sagemaker-{name}'
seen = {}


def archive(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w:gz') as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def zipped(path, text):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as archive:
        archive.writestr(path, text)
    return packed.getvalue()


def eventually(check, seconds=15):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except (AssertionError, logs.exceptions.ResourceNotFoundException):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)


def in_service(endpoint):
    started = time.monotonic()
    while (described := sagemaker.describe_endpoint(EndpointName=endpoint))['EndpointStatus'] == 'Creating':
        time.sleep(0.05)
    assert described['EndpointStatus'] == 'InService', described.get('FailureReason')
    seen.setdefault('in_service_seconds', []).append(round(time.monotonic() - started, 2))
    return described


def deploy(model):
    sagemaker.create_endpoint_config(
        EndpointConfigName=model,
        ProductionVariants=[
            {'VariantName': 'blue', 'ModelName': model, 'InstanceType': 'ml.m5.large', 'InitialInstanceCount': 1}
        ],
    )
    sagemaker.create_endpoint(EndpointName=model, EndpointConfigName=model)
    return in_service(model)


def invoke(endpoint, command):
    return runtime.invoke_endpoint(EndpointName=endpoint, Body=b'hello', ContentType='text/plain', CustomAttributes=command)


s3.create_bucket(Bucket=bucket)
s3.put_object(Bucket=bucket, Key='m/model.tar.gz', Body=archive({'weights.txt': b'0.25 0.75\n'}))

image_config = {'RepositoryAccessMode': 'Vpc'}
if 'REGISTRY_USER' in os.environ:
    provider = functions.create_function(
        FunctionName=f'SageMaker-{name}',
        Runtime='python3.12',
        Role=ROLE,
        Handler='provider.handler',
        Code={'ZipFile': zipped('provider.py', PROVIDER)},
        Environment={'Variables': {'USER_NAME': os.environ['REGISTRY_USER'], 'PASSWORD': os.environ['REGISTRY_PASSWORD']}},
    )
    functions.get_waiter('function_active_v2').wait(FunctionName=provider['FunctionName'])
    image_config['RepositoryAuthConfig'] = {'RepositoryCredentialsProviderArn': provider['FunctionArn']}

sagemaker.create_model_package_group(ModelPackageGroupName=name)
version = sagemaker.create_model_package(
    ModelPackageGroupName=name,
    InferenceSpecification={
        'Containers': [{'Image': image, 'ModelDataUrl': f's3://{bucket}/m/model.tar.gz', 'Environment': {'A': 'package', 'B': 'package'}}],
        'SupportedContentTypes': ['text/plain'],
        'SupportedResponseMIMETypes': ['text/plain'],
    },
)['ModelPackageArn']
assert version == f'arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/{name}/1', version
listed = sagemaker.list_model_packages(ModelPackageGroupName=name)['ModelPackageSummaryList']
assert [entry['ModelPackageArn'] for entry in listed] == [version]
assert sagemaker.describe_model_package(ModelPackageName=version)['ModelApprovalStatus'] == 'PendingManualApproval'

from_version = {'ModelPackageName': version, 'ImageConfig': image_config, 'Environment': {'B': 'model'}}
try:
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=[from_version], VpcConfig=VPC)
    raise SystemExit('a version that nobody has approved became a model')
except sagemaker.exceptions.ClientError as error:
    assert error.response['Error']['Code'] == 'ValidationException', error
sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus='Approved')
sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, Containers=[from_version], VpcConfig=VPC)

described = deploy(name)
[deployed] = described['ProductionVariants'][0]['DeployedImages']
assert deployed['SpecifiedImage'] == image and '@sha256:' in deployed['ResolvedImage'], deployed
seen['deployed'] = deployed['ResolvedImage']
answer = invoke(name, '')
assert answer['Body'].read() == b'hello' and answer['InvokedProductionVariant'] == 'blue'
assert invoke(name, 'file=/opt/ml/model/weights.txt')['Body'].read() == b'0.25 0.75\n'
environment = json.loads(invoke(name, 'env')['Body'].read())
assert 'A=package' in environment and 'B=model' in environment, environment
assert json.loads(invoke(name, 'argv')['Body'].read())[1:] == ['serve']
invoke(name, 'stdout=a line for the log')

group = f'/aws/sagemaker/Endpoints/{name}'


def logged():
    events = logs.filter_log_events(logGroupName=group)['events']
    assert any(event['message'].strip() == 'a line for the log' for event in events), events
    [stream] = logs.describe_log_streams(logGroupName=group)['logStreams']
    assert stream['logStreamName'].startswith('blue/i-')


eventually(logged)

direct = f'{name}-direct'
sagemaker.create_model(
    ModelName=direct,
    ExecutionRoleArn=ROLE,
    PrimaryContainer={'Image': image, 'ImageConfig': image_config, 'ModelDataUrl': f's3://{bucket}/m/model.tar.gz'},
    VpcConfig=VPC,
)
deploy(direct)
assert invoke(direct, '')['Body'].read() == b'hello'

for endpoint in (name, direct):
    sagemaker.delete_endpoint(EndpointName=endpoint)
for endpoint in (name, direct):
    while True:
        try:
            sagemaker.describe_endpoint(EndpointName=endpoint)
            time.sleep(0.05)
        except sagemaker.exceptions.ClientError as error:
            assert error.response['Error']['Code'] == 'ValidationException', error
            break
    sagemaker.delete_endpoint_config(EndpointConfigName=endpoint)
    sagemaker.delete_model(ModelName=endpoint)
sagemaker.delete_model_package(ModelPackageName=version)
sagemaker.delete_model_package_group(ModelPackageGroupName=name)
if 'REGISTRY_USER' in os.environ:
    functions.delete_function(FunctionName=f'SageMaker-{name}')
s3.delete_object(Bucket=bucket, Key='m/model.tar.gz')
s3.delete_bucket(Bucket=bucket)
logs.delete_log_group(logGroupName=group)
print(json.dumps(seen))
