"""SageMaker's control plane and CloudWatch Logs as boto3 users know them, without containers (`--runtime none`).

Each check is a function; the names of those that passed are printed as a JSON list. With arguments, only those are run.
"""
import datetime
import json
import sys
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, WaiterError

ACCOUNT = '123456789012'
ROLE = f'arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole'
VPC = {'SecurityGroupIds': ['sg-0123456789abcdef0'], 'Subnets': ['subnet-0123456789abcdef0']}
IMAGE = 'registry.example:5000/team/model:1'
once = Config(retries={'max_attempts': 0})
sagemaker = boto3.client('sagemaker', config=once)
runtime = boto3.client('sagemaker-runtime', config=once)
logs = boto3.client('logs', config=once)


def arn(tail):
    return f'arn:aws:sagemaker:us-east-1:{ACCOUNT}:{tail}'


def refused(call, code, message=None, **members):
    try:
        call(**members)
    except ClientError as error:
        found = error.response['Error']
        assert found['Code'] == code, error.response
        assert message is None or message in found['Message'], error.response
        assert error.response['ResponseMetadata']['RequestId'], error.response
        return error.response
    raise AssertionError(f'{code} expected')


def model(name, **members):
    container = {'Image': IMAGE, 'ImageConfig': {'RepositoryAccessMode': 'Vpc'}, **members}
    return sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer=container, VpcConfig=VPC)


def variant(name, **members):
    return {'VariantName': 'v', 'ModelName': name, 'InstanceType': 'ml.m5.large', 'InitialInstanceCount': 1, **members}


def package(**members):
    specification = {
        'Containers': [{'Image': IMAGE}],
        'SupportedContentTypes': ['text/csv'],
        'SupportedResponseMIMETypes': ['text/csv'],
        'SupportedTransformInstanceTypes': ['ml.m5.large'],
        'SupportedRealtimeInferenceInstanceTypes': ['ml.m5.large'],
    }
    return sagemaker.create_model_package(InferenceSpecification=specification, **members)['ModelPackageArn']


def models():
    created = model('m-one', Environment={'A': 'b', '__proto__': 'c', 'ÜMLAUT'[1:]: 'ü'})
    assert created['ModelArn'] == arn('model/m-one'), created
    described = sagemaker.describe_model(ModelName='m-one')
    assert described['PrimaryContainer']['Image'] == IMAGE and described['VpcConfig'] == VPC, described
    assert described['PrimaryContainer']['Environment'] == {'A': 'b', '__proto__': 'c', 'MLAUT': 'ü'}, described
    assert described['ExecutionRoleArn'] == ROLE and described['EnableNetworkIsolation'] is False, described
    assert abs((described['CreationTime'] - datetime.datetime.now(datetime.timezone.utc)).total_seconds()) < 60
    refused(lambda: model('m-one'), 'ValidationException', f'Cannot create already existing model "{arn("model/m-one")}"')
    refused(sagemaker.describe_model, 'ValidationException', f'Could not find model "{arn("model/gone")}".', ModelName='gone')
    refused(sagemaker.delete_model, 'ValidationException', 'Could not find model', ModelName='gone')
    refused(sagemaker.describe_model, 'ValidationException', "Value 'no good' at 'modelName'", ModelName='no good')
    refused(lambda: model('m-bad', Image='two words'), 'ValidationException', 'two words')
    refused(sagemaker.create_model, 'ValidationException', 'PrimaryContainer', ModelName='m-none')
    role = f'arn:aws:iam::{ACCOUNT}:role/nobody'
    refused(sagemaker.create_model, 'ValidationException', f'The execution role ARN "{role}" is invalid', ModelName='m-role', ExecutionRoleArn=role, PrimaryContainer={'Image': IMAGE, 'ImageConfig': {'RepositoryAccessMode': 'Vpc'}}, VpcConfig=VPC)
    refused(sagemaker.create_model, 'ValidationException', 'Using non-ECR image', ModelName='m-ecr', ExecutionRoleArn=ROLE, PrimaryContainer={'Image': IMAGE})
    many = [{'Image': IMAGE, 'ContainerHostname': f'c{n}', 'ImageConfig': {'RepositoryAccessMode': 'Vpc'}} for n in range(16)]
    refused(sagemaker.create_model, 'ValidationException', '15', ModelName='m-many', ExecutionRoleArn=ROLE, Containers=many, VpcConfig=VPC)
    sagemaker.delete_model(ModelName='m-one')


def lists():
    before = datetime.datetime.now(datetime.timezone.utc)
    names = [f'l-{n:02}' for n in range(23)]
    for name in names:
        model(name)
    pages = [[entry['ModelName'] for entry in page['Models']] for page in sagemaker.get_paginator('list_models').paginate(NameContains='l-', SortBy='Name', SortOrder='Ascending', PaginationConfig={'PageSize': 10})]
    assert pages == [names[:10], names[10:20], names[20:]], pages
    newest = sagemaker.list_models(NameContains='l-', MaxResults=1)
    assert newest['Models'][0]['ModelName'] == names[-1], newest
    refused(sagemaker.list_models, 'ValidationException', None, NextToken='nonsense')
    refused(sagemaker.list_models, 'ValidationException', None, NextToken=newest['NextToken'], SortBy='Name')
    assert len(sagemaker.list_models(CreationTimeAfter=before - datetime.timedelta(seconds=1), NameContains='l-', MaxResults=100)['Models']) == 23
    assert sagemaker.list_models(CreationTimeBefore=before - datetime.timedelta(seconds=60), NameContains='l-')['Models'] == []
    refused(sagemaker.list_models, 'ValidationException', 'less than or equal to 100', MaxResults=101)
    for name in names:
        sagemaker.delete_model(ModelName=name)
    assert sagemaker.list_models(NameContains='l-') .get('NextToken') is None


def packages():
    group = sagemaker.create_model_package_group(ModelPackageGroupName='P-Group', ModelPackageGroupDescription='ünï', Tags=[{'Key': 'a', 'Value': 'b'}])['ModelPackageGroupArn']
    refused(sagemaker.create_model_package_group, 'ValidationException', 'already exists', ModelPackageGroupName='P-Group')
    described = sagemaker.describe_model_package_group(ModelPackageGroupName='P-Group')
    assert described['ModelPackageGroupName'] == 'P-Group' and described['ModelPackageGroupStatus'] == 'Completed', described
    versions = [package(ModelPackageGroupName='P-Group') for _ in range(3)]
    assert versions == [f'{group}/{n}'.replace('model-package-group', 'model-package') for n in (1, 2, 3)], versions
    again = [package(ModelPackageGroupName='P-Group', ClientToken='same') for _ in range(2)]
    assert again[0] == again[1], again
    refused(lambda: package(ModelPackageGroupName='P-Group', ClientToken='same', Domain='OTHER'), 'ConflictException')
    sagemaker.update_model_package(ModelPackageArn=versions[1], ModelApprovalStatus='Approved', ApprovalDescription='good', CustomerMetadataProperties={'k': 'v'})
    sagemaker.update_model_package(ModelPackageArn=versions[1], CustomerMetadataPropertiesToRemove=['k'])
    described = sagemaker.describe_model_package(ModelPackageName=versions[1])
    assert described['ModelApprovalStatus'] == 'Approved' and 'k' not in described.get('CustomerMetadataProperties', {}), described
    approved = sagemaker.list_model_packages(ModelPackageGroupName='P-Group', ModelApprovalStatus='Approved')
    assert [entry['ModelPackageArn'] for entry in approved['ModelPackageSummaryList']] == [versions[1]], approved
    both = sagemaker.batch_describe_model_package(ModelPackageArnList=[versions[0], f'{versions[0][:-1]}99'])
    assert versions[0] in both['ModelPackageSummaries'] and len(both['BatchDescribeModelPackageErrorMap']) == 1, both
    lone = package(ModelPackageName='p-lone')
    assert lone == arn('model-package/p-lone'), lone
    refused(lambda: package(ModelPackageName='p-lone'), 'ValidationException', 'ModelPackage already exists')
    refused(lambda: package(ModelPackageName='a', ModelPackageGroupName='b'), 'ValidationException', 'Both ModelPackageName and ModelPackageGroupName')
    refused(sagemaker.create_model_package, 'ValidationException', 'Missing ARN.')
    refused(sagemaker.describe_model_package, 'ValidationException', 'does not exist.', ModelPackageName=f'{versions[0]}9')
    refused(sagemaker.delete_model_package_group, 'ConflictException', None, ModelPackageGroupName='P-Group')
    kinds = {kind: {entry['ModelPackageArn'] for entry in sagemaker.list_model_packages(ModelPackageType=kind, MaxResults=100)['ModelPackageSummaryList']} for kind in ('Versioned', 'Unversioned', 'Both')}
    assert lone in kinds['Unversioned'] and lone not in kinds['Versioned'] and kinds['Both'] == kinds['Versioned'] | kinds['Unversioned'], kinds
    for version in {*versions, again[0], lone}:
        sagemaker.delete_model_package(ModelPackageName=version)
    sagemaker.delete_model_package_group(ModelPackageGroupName='P-Group')
    refused(sagemaker.describe_model_package_group, 'ValidationException', 'does not exist.', ModelPackageGroupName='P-Group')


def tags():
    made = model('t-model')['ModelArn']
    sagemaker.add_tags(ResourceArn=made, Tags=[{'Key': f'k{n}', 'Value': str(n)} for n in range(45)])
    sagemaker.add_tags(ResourceArn=made, Tags=[{'Key': 'k0', 'Value': 'new'}])
    found = {tag['Key']: tag['Value'] for page in sagemaker.get_paginator('list_tags').paginate(ResourceArn=made) for tag in page['Tags']}
    assert len(found) == 45 and found['k0'] == 'new', found
    refused(sagemaker.add_tags, 'ValidationException', 'more than 50 tags', ResourceArn=made, Tags=[{'Key': f'x{n}', 'Value': ''} for n in range(6)])
    sagemaker.delete_tags(ResourceArn=made, TagKeys=[f'k{n}' for n in range(45)] + ['never'])
    assert sagemaker.list_tags(ResourceArn=made)['Tags'] == []
    refused(sagemaker.list_tags, 'ValidationException', None, ResourceArn=arn('model/gone'))
    refused(sagemaker.add_tags, 'ValidationException', 'tags', ResourceArn=made, Tags=[{'Key': 'no\x01', 'Value': ''}])
    sagemaker.delete_model(ModelName='t-model')


def endpoints():
    model('e-model')
    refused(sagemaker.create_endpoint_config, 'ValidationException', 'Could not find model', EndpointConfigName='e-config', ProductionVariants=[variant('gone')])
    refused(sagemaker.create_endpoint_config, 'ValidationException', 'instanceType', EndpointConfigName='e-config', ProductionVariants=[variant('e-model', InstanceType='ml.huge')])
    sagemaker.create_endpoint_config(EndpointConfigName='e-config', ProductionVariants=[variant('e-model', VariantName='a', InitialVariantWeight=3), variant('e-model', VariantName='b')])
    refused(sagemaker.create_endpoint_config, 'ValidationException', 'Cannot create already existing endpoint configuration', EndpointConfigName='e-config', ProductionVariants=[variant('e-model')])
    described = sagemaker.describe_endpoint_config(EndpointConfigName='e-config')
    assert [entry['InitialVariantWeight'] for entry in described['ProductionVariants']] == [3.0, 1.0], described
    refused(sagemaker.create_endpoint, 'ValidationException', 'Could not find endpoint configuration', EndpointName='e', EndpointConfigName='gone')
    sagemaker.create_endpoint(EndpointName='E-One', EndpointConfigName='e-config', Tags=[{'Key': 'a', 'Value': 'b'}])
    refused(sagemaker.create_endpoint, 'ValidationException', 'Cannot create already existing endpoint', EndpointName='E-One', EndpointConfigName='e-config')
    sagemaker.get_waiter('endpoint_in_service').wait(EndpointName='E-One', WaiterConfig={'Delay': 1, 'MaxAttempts': 20})
    found = sagemaker.describe_endpoint(EndpointName='E-One')
    assert found['EndpointArn'] == arn('endpoint/e-one') and found['EndpointName'] == 'E-One', found
    listed = sagemaker.list_endpoints(StatusEquals='InService', NameContains='one')
    assert [entry['EndpointName'] for entry in listed['Endpoints']] == ['E-One'], listed
    updates()
    error = refused(runtime.invoke_endpoint, 'ModelError', 'No container runs', EndpointName='E-One', Body=b'1')
    assert error['OriginalStatusCode'] == 0 and error['LogStreamArn'].endswith('log-group:/aws/sagemaker/Endpoints/E-One'), error
    refused(runtime.invoke_endpoint, 'ValidationError', 'Endpoint gone of account 123456789012 not found.', EndpointName='gone', Body=b'1')
    refused(runtime.invoke_endpoint, 'ValidationError', 'c', EndpointName='E-One', Body=b'1', TargetVariant='c')
    sagemaker.delete_endpoint(EndpointName='E-One')
    sagemaker.get_waiter('endpoint_deleted').wait(EndpointName='E-One', WaiterConfig={'Delay': 1, 'MaxAttempts': 20})
    refused(sagemaker.delete_endpoint, 'ValidationException', 'Could not find endpoint', EndpointName='E-One')
    try:
        sagemaker.get_waiter('endpoint_in_service').wait(EndpointName='E-One', WaiterConfig={'Delay': 1, 'MaxAttempts': 2})
        raise AssertionError('the waiter should fail')
    except WaiterError as failed:
        assert 'Could not find' in str(failed) or 'ValidationException' in str(failed), failed
    sagemaker.delete_endpoint_config(EndpointConfigName='e-config')
    sagemaker.delete_model(ModelName='e-model')


def refusals():
    """Kinds of endpoints that are not there yet are refused by name, and leave nothing half-made."""
    model('r-model')
    config = lambda **members: sagemaker.create_endpoint_config(**{'EndpointConfigName': 'r-config', 'ProductionVariants': [variant('r-model')], **members})
    serverless = {'VariantName': 'v', 'ModelName': 'r-model', 'ServerlessConfig': {'MemorySizeInMB': 2048, 'MaxConcurrency': 5}}
    capture = {'EnableCapture': True, 'InitialSamplingPercentage': 100, 'DestinationS3Uri': 's3://b/p', 'CaptureOptions': [{'CaptureMode': 'Input'}]}
    components = {'VariantName': 'v', 'InstanceType': 'ml.m5.large', 'InitialInstanceCount': 1}
    refused(lambda: model('r-many', Mode='MultiModel'), 'NotImplemented', 'MultiModel')
    refused(config, 'NotImplemented', 'ServerlessConfig', ProductionVariants=[serverless])
    refused(config, 'NotImplemented', 'ShadowProductionVariants', ShadowProductionVariants=[variant('r-model', VariantName='s')])
    refused(config, 'NotImplemented', 'DataCaptureConfig', DataCaptureConfig=capture)
    refused(config, 'NotImplemented', 'inference components', ProductionVariants=[components], ExecutionRoleArn=ROLE)
    refused(sagemaker.create_inference_component, 'NotImplemented', 'CreateInferenceComponent', InferenceComponentName='r', EndpointName='r', Specification={'ModelName': 'r-model'})
    assert [found['ModelName'] for found in sagemaker.list_models(NameContains='r-m')['Models']] == ['r-model']
    assert sagemaker.list_endpoint_configs(NameContains='r-config')['EndpointConfigs'] == []
    config()
    sagemaker.delete_endpoint_config(EndpointConfigName='r-config')
    sagemaker.delete_model(ModelName='r-model')


def updates():
    """Of the endpoint E-One, without a runtime: what serves is what was asked for, as soon as it was."""
    in_service = lambda: sagemaker.get_waiter('endpoint_in_service').wait(EndpointName='E-One', WaiterConfig={'Delay': 1, 'MaxAttempts': 20})
    sagemaker.create_endpoint_config(EndpointConfigName='e-next', ProductionVariants=[variant('e-model', VariantName='a', InitialInstanceCount=4)])
    refused(sagemaker.update_endpoint, 'ValidationException', 'Could not find endpoint configuration', EndpointName='E-One', EndpointConfigName='gone')
    refused(sagemaker.update_endpoint, 'ValidationException', 'CanarySize must be between', EndpointName='E-One', EndpointConfigName='e-next', DeploymentConfig=canary(60))
    refused(sagemaker.update_endpoint, 'ValidationException', 'maximumExecutionTimeoutInSeconds', EndpointName='E-One', EndpointConfigName='e-next', DeploymentConfig=canary(30, MaximumExecutionTimeoutInSeconds=28801))
    made = sagemaker.update_endpoint(EndpointName='E-One', EndpointConfigName='e-next', DeploymentConfig=canary(30, MaximumExecutionTimeoutInSeconds=600))
    assert made['EndpointArn'] == arn('endpoint/e-one'), made
    in_service()
    found = sagemaker.describe_endpoint(EndpointName='E-One')
    assert found['EndpointConfigName'] == 'e-next' and 'PendingDeploymentSummary' not in found, found
    assert found['LastDeploymentConfig'] == canary(30, MaximumExecutionTimeoutInSeconds=600), found
    assert [(entry['VariantName'], entry['DesiredInstanceCount']) for entry in found['ProductionVariants']] == [('a', 4)], found
    refused(sagemaker.update_endpoint_weights_and_capacities, 'ValidationException', 'production variant "b"', EndpointName='E-One', DesiredWeightsAndCapacities=[{'VariantName': 'b', 'DesiredWeight': 1}])
    refused(sagemaker.update_endpoint_weights_and_capacities, 'ValidationException', 'desiredInstanceCount', EndpointName='E-One', DesiredWeightsAndCapacities=[{'VariantName': 'a', 'DesiredInstanceCount': 0}])
    sagemaker.update_endpoint_weights_and_capacities(EndpointName='E-One', DesiredWeightsAndCapacities=[{'VariantName': 'a', 'DesiredWeight': 0.5, 'DesiredInstanceCount': 3}])
    in_service()
    found = sagemaker.describe_endpoint(EndpointName='E-One')['ProductionVariants'][0]
    assert (found['CurrentWeight'], found['DesiredWeight'], found['DesiredInstanceCount']) == (0.5, 0.5, 3), found
    retained = {'RetainAllVariantProperties': True, 'ExcludeRetainedVariantProperties': [{'VariantPropertyType': 'DesiredInstanceCount'}], 'RetainDeploymentConfig': True}
    sagemaker.update_endpoint(EndpointName='E-One', EndpointConfigName='e-config', **retained)
    in_service()
    found = sagemaker.describe_endpoint(EndpointName='E-One')['ProductionVariants']
    assert [(entry['VariantName'], entry['CurrentWeight'], entry['DesiredInstanceCount']) for entry in found] == [('a', 0.5, 1), ('b', 1.0, 1)], found
    sagemaker.delete_endpoint_config(EndpointConfigName='e-next')


def canary(percent, **members):
    size = {'Type': 'CAPACITY_PERCENT', 'Value': percent}
    routing = {'Type': 'CANARY', 'WaitIntervalInSeconds': 0, 'CanarySize': size}
    return {'BlueGreenUpdatePolicy': {'TrafficRoutingConfiguration': routing, **members}}


def regions():
    other = boto3.client('sagemaker', region_name='eu-central-1')
    made = other.create_model_package_group(ModelPackageGroupName='r-group')['ModelPackageGroupArn']
    assert made == f'arn:aws:sagemaker:eu-central-1:{ACCOUNT}:model-package-group/r-group', made
    refused(sagemaker.describe_model_package_group, 'ValidationException', 'does not exist.', ModelPackageGroupName='r-group')
    other.delete_model_package_group(ModelPackageGroupName='r-group')


def log_events():
    group = {'logGroupName': '/boto3/group'}
    stream = {**group, 'logStreamName': 'a/b'}
    logs.create_log_group(**group, tags={'k': 'v'})
    refused(logs.create_log_group, 'ResourceAlreadyExistsException', 'The specified log group already exists', **group)
    logs.create_log_stream(**stream)
    refused(logs.create_log_stream, 'ResourceAlreadyExistsException', None, **stream)
    now = int(time.time() * 1000)
    logs.put_log_events(**stream, logEvents=[{'timestamp': now + n, 'message': f'line {n} ü'} for n in range(30)])
    refused(logs.put_log_events, 'InvalidParameterException', None, **stream, logEvents=[{'timestamp': now + 1, 'message': 'b'}, {'timestamp': now, 'message': 'a'}])
    seen = [event['message'] for page in logs.get_paginator('filter_log_events').paginate(**group, PaginationConfig={'PageSize': 7}) for event in page['events']]
    assert seen == [f'line {n} ü' for n in range(30)], seen
    some = logs.filter_log_events(**group, filterPattern='"line 2"', startTime=now, endTime=now + 25)['events']
    assert [event['message'] for event in some] == ['line 2 ü'] + [f'line {n} ü' for n in range(20, 26)], some
    last = logs.get_log_events(**stream, limit=3)
    assert [event['message'] for event in last['events']] == ['line 27 ü', 'line 28 ü', 'line 29 ü'], last
    after = logs.get_log_events(**stream, nextToken=last['nextForwardToken'])
    assert after['events'] == [] and after['nextForwardToken'] == last['nextForwardToken'], after
    logs.put_retention_policy(**group, retentionInDays=3)
    refused(logs.put_retention_policy, 'InvalidParameterException', None, **group, retentionInDays=4)
    [described] = logs.describe_log_groups(logGroupNamePrefix='/boto3')['logGroups']
    assert described['retentionInDays'] == 3 and described['logGroupName'] == '/boto3/group', described
    [found] = logs.describe_log_streams(**group)['logStreams']
    assert found['lastEventTimestamp'] == now + 29, found
    assert logs.list_tags_for_resource(resourceArn=described['logGroupArn'])['tags'] == {'k': 'v'}
    refused(logs.filter_log_events, 'ResourceNotFoundException', 'The specified log group does not exist.', logGroupName='/gone')
    logs.delete_log_group(**group)
    refused(logs.get_log_events, 'ResourceNotFoundException', None, **stream)


CHECKS = [models, lists, packages, tags, endpoints, refusals, regions, log_events]
wanted = sys.argv[1:] or [check.__name__ for check in CHECKS]
for check in CHECKS:
    if check.__name__ in wanted:
        check()
print(json.dumps(wanted))
