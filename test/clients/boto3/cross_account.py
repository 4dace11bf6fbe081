"""Three accounts share a model with plain boto3, and every permission that lets them is taken away and given back.

  R, the registry account, owns the model package group
  T, the training account, owns the image, the model data and the key that it is encrypted under
  D, the deploying account, makes a model of R's version, an endpoint of it, and gets predictions

Commands, in this order; each prints one JSON object:
  prepare     makes what the accounts own: prints the repository and T's login for whoever pushes the image as `:1`
  share       gives every permission below
  walk        registers, reads, approves, deploys, predicts, deletes
  removals    takes away each permission in turn: that very step fails and says why; given back, it works

Reads ACCOUNTS from the environment: {"R": {"account": …, "AWS_ACCESS_KEY_ID": …, "AWS_SECRET_ACCESS_KEY": …}, …}
"""
import io
import json
import os
import sys
import tarfile
import time

import boto3
from botocore.exceptions import ClientError

REGION = 'us-east-1'
ACCOUNTS = json.loads(os.environ['ACCOUNTS'])
R, T, D = (ACCOUNTS[letter]['account'] for letter in 'RTD')
GROUP, REPOSITORY, ROLE, TRAINER = 'flowers', 'team/flowers', 'AmazonSageMaker-Deployer', 'AmazonSageMaker-Trainer'
BUCKET = f'sagemaker-{REGION}-{T}'
DATA = f's3://{BUCKET}/flowers/model.tar.gz'
IMAGE = f'{T}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}:1'
GROUP_ARN = f'arn:aws:sagemaker:{REGION}:{R}:model-package-group/{GROUP}'
VERSIONS = f'arn:aws:sagemaker:{REGION}:{R}:model-package/{GROUP}/*'
REPOSITORY_ARN = f'arn:aws:ecr:{REGION}:{T}:repository/{REPOSITORY}'
ROLE_ARN = f'arn:aws:iam::{D}:role/{ROLE}'
FULL_ACCESS = 'arn:aws:iam::aws:policy/AmazonSageMakerFullAccess'


def session_of(letter):
    key = ACCOUNTS[letter]
    return boto3.Session(key['AWS_ACCESS_KEY_ID'], key['AWS_SECRET_ACCESS_KEY'], region_name=REGION)


def assume(letter, role):
    """A session of a role: nobody here works as root but to set things up."""
    account = ACCOUNTS[letter]['account']
    given = session_of(letter).client('sts').assume_role(
        RoleArn=f'arn:aws:iam::{account}:role/{role}', RoleSessionName='walk'
    )['Credentials']
    return boto3.Session(given['AccessKeyId'], given['SecretAccessKey'], given['SessionToken'], region_name=REGION)


roots = {letter: session_of(letter) for letter in 'RTD'}
sagemaker = {'R': roots['R'].client('sagemaker')}


def root_of(account):
    return f'arn:aws:iam::{account}:root'


# ---- the permissions -------------------------------------------------------------------------------------------------

def allow(principal, actions, resource=None):
    statement = {'Effect': 'Allow', 'Principal': {'AWS': root_of(principal)}, 'Action': actions}
    return statement if resource is None else {**statement, 'Resource': resource}


REPOSITORY_STATEMENTS = {
    'image: R reads its manifest': allow(R, 'ecr:BatchGetImage'),
    'image: R describes it': allow(R, 'ecr:DescribeImages'),
    'image: D reads its manifest': allow(D, 'ecr:BatchGetImage'),
    'image: D downloads its layers': allow(D, ['ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability']),
}
OBJECTS = f'arn:aws:s3:::{BUCKET}/*'
BUCKET_STATEMENTS = {
    'data: R reads it': allow(R, 's3:GetObject', OBJECTS),
    "data: R reads the bucket's ACL": allow(R, 's3:GetBucketAcl', f'arn:aws:s3:::{BUCKET}'),
    "data: R reads the object's ACL": allow(R, 's3:GetObjectAcl', OBJECTS),
    'data: D reads it': allow(D, 's3:GetObject', OBJECTS),
}
GROUP_STATEMENTS = {
    'group: T registers': allow(T, 'sagemaker:CreateModelPackage', VERSIONS),
    'group: D describes the group': allow(D, 'sagemaker:DescribeModelPackageGroup', GROUP_ARN),
    'group: D describes versions': allow(D, 'sagemaker:DescribeModelPackage', VERSIONS),
    'group: D lists versions': allow(D, 'sagemaker:ListModelPackages', VERSIONS),
    'group: D approves versions': allow(D, 'sagemaker:UpdateModelPackage', VERSIONS),
    'group: D makes models': allow(D, 'sagemaker:CreateModel', VERSIONS),
}
GRANTS = {'key: R decrypts': root_of(R), 'key: D decrypts': ROLE_ARN}
ROLES = {
    'T: the role may use SageMaker': ('T', TRAINER),
    'D: the role may use SageMaker': ('D', ROLE),
}


def policy_of(statements, without):
    kept = [{'Sid': f's{index}', **statement} for index, (name, statement) in enumerate(statements.items()) if name != without]
    return json.dumps({'Version': '2012-10-17', 'Statement': kept})


def share_image(without=None):
    roots['T'].client('ecr').set_repository_policy(
        repositoryName=REPOSITORY, policyText=policy_of(REPOSITORY_STATEMENTS, without)
    )


def share_data(without=None):
    roots['T'].client('s3').put_bucket_policy(Bucket=BUCKET, Policy=policy_of(BUCKET_STATEMENTS, without))


def share_group(without=None):
    sagemaker['R'].put_model_package_group_policy(
        ModelPackageGroupName=GROUP, ResourcePolicy=policy_of(GROUP_STATEMENTS, without)
    )


def key_id():
    return roots['T'].client('kms').describe_key(KeyId='alias/flowers')['KeyMetadata']['KeyId']


def share_key(without=None):
    kms, key = roots['T'].client('kms'), key_id()
    held = {grant['Name']: grant['GrantId'] for grant in kms.list_grants(KeyId=key)['Grants']}
    for name, grantee in GRANTS.items():
        label = name.replace(': ', '-').replace(' ', '-')
        if name == without and label in held:
            kms.revoke_grant(KeyId=key, GrantId=held[label])
        elif name != without and label not in held:
            kms.create_grant(KeyId=key, GranteePrincipal=grantee, Operations=['Decrypt', 'GenerateDataKey', 'DescribeKey'], Name=label)


def attach_roles(without=None):
    for name, (letter, role) in ROLES.items():
        iam = roots[letter].client('iam')
        if name == without:
            iam.detach_role_policy(RoleName=role, PolicyArn=FULL_ACCESS)
        else:
            iam.attach_role_policy(RoleName=role, PolicyArn=FULL_ACCESS)


def trust(without=None):
    service = {'Service': 'sagemaker.amazonaws.com'}
    people = {'AWS': root_of(D)}
    allowed = people if without is not None else {**people, **service}
    document = {'Version': '2012-10-17', 'Statement': [{'Effect': 'Allow', 'Principal': allowed, 'Action': 'sts:AssumeRole'}]}
    roots['D'].client('iam').update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))


# ---- what the accounts own -------------------------------------------------------------------------------------------

def archive(files):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w:gz') as tar:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def prepare():
    for letter, role in ROLES.values():
        document = {
            'Version': '2012-10-17',
            'Statement': [{
                'Effect': 'Allow',
                'Principal': {'AWS': root_of(ACCOUNTS[letter]['account']), 'Service': 'sagemaker.amazonaws.com'},
                'Action': 'sts:AssumeRole',
            }],
        }
        roots[letter].client('iam').create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(document))
    kms, s3, ecr = (roots['T'].client(service) for service in ('kms', 's3', 'ecr'))
    key = kms.create_key(Description='flowers')['KeyMetadata']
    kms.create_alias(AliasName='alias/flowers', TargetKeyId=key['KeyId'])
    s3.create_bucket(Bucket=BUCKET)
    rule = {'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': key['Arn']}}
    s3.put_bucket_encryption(Bucket=BUCKET, ServerSideEncryptionConfiguration={'Rules': [rule]})
    s3.put_object(Bucket=BUCKET, Key='flowers/model.tar.gz', Body=archive({'weights.txt': b'0.25 0.75\n'}))
    stored = s3.head_object(Bucket=BUCKET, Key='flowers/model.tar.gz')
    assert stored['ServerSideEncryption'] == 'aws:kms' and stored['SSEKMSKeyId'] == key['Arn'], stored
    sagemaker['R'].create_model_package_group(ModelPackageGroupName=GROUP)
    repository = ecr.create_repository(repositoryName=REPOSITORY)['repository']
    token = ecr.get_authorization_token()['authorizationData'][0]['authorizationToken']
    return {'repository': repository['repositoryUri'], 'token': token}


def share():
    for give in (share_image, share_data, share_group, share_key, attach_roles, trust):
        give()
    return {}


# ---- the steps -------------------------------------------------------------------------------------------------------

def client(letter, service='sagemaker'):
    return assume(letter, TRAINER if letter == 'T' else ROLE).client(service)


def register():
    return client('T').create_model_package(
        ModelPackageGroupName=GROUP_ARN,
        InferenceSpecification={
            'Containers': [{'Image': IMAGE, 'ModelDataUrl': DATA}],
            'SupportedContentTypes': ['text/plain'],
            'SupportedResponseMIMETypes': ['text/plain'],
        },
        ModelApprovalStatus='PendingManualApproval',
    )['ModelPackageArn']


def versions():
    pages = sagemaker['R'].get_paginator('list_model_packages').paginate(ModelPackageGroupName=GROUP)
    return sorted(entry['ModelPackageArn'] for page in pages for entry in page['ModelPackageSummaryList'])


def newest():
    return max(versions(), key=lambda arn: int(arn.rsplit('/', 1)[1]))


def describe_group():
    assert client('D').describe_model_package_group(ModelPackageGroupName=GROUP_ARN)['ModelPackageGroupArn'] == GROUP_ARN


def describe_version():
    assert client('D').describe_model_package(ModelPackageName=newest())['ModelPackageGroupName'] == GROUP


def list_versions():
    listed = client('D').list_model_packages(ModelPackageGroupName=GROUP_ARN)['ModelPackageSummaryList']
    assert sorted(entry['ModelPackageArn'] for entry in listed) == versions()


def approve():
    client('D').update_model_package(ModelPackageArn=newest(), ModelApprovalStatus='Approved')


def create_model(name='flowers'):
    client('D').create_model(ModelName=name, ExecutionRoleArn=ROLE_ARN, Containers=[{'ModelPackageName': newest()}])


def models():
    return [entry['ModelName'] for entry in roots['D'].client('sagemaker').list_models()['Models']]


def deploy(name):
    """An endpoint of the model `flowers`; resolves to its description once it has left Creating."""
    d = roots['D'].client('sagemaker')
    variant = {'VariantName': 'v', 'ModelName': 'flowers', 'InstanceType': 'ml.m5.large', 'InitialInstanceCount': 1}
    d.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    d.create_endpoint(EndpointName=name, EndpointConfigName=name)
    while (described := d.describe_endpoint(EndpointName=name))['EndpointStatus'] == 'Creating':
        time.sleep(0.05)
    return described


def undeploy(name):
    d = roots['D'].client('sagemaker')
    d.delete_endpoint(EndpointName=name)
    while True:
        try:
            d.describe_endpoint(EndpointName=name)
            time.sleep(0.05)
        except ClientError as error:
            assert error.response['Error']['Code'] == 'ValidationException', error
            break
    d.delete_endpoint_config(EndpointConfigName=name)


def predict(name):
    runtime = client('D', 'sagemaker-runtime')
    assert runtime.invoke_endpoint(EndpointName=name, Body=b'hello', ContentType='text/plain')['Body'].read() == b'hello'
    weights = runtime.invoke_endpoint(EndpointName=name, Body=b'', CustomAttributes='file=/opt/ml/model/weights.txt')
    assert weights['Body'].read() == b'0.25 0.75\n'


def walk():
    version = register()
    assert version == f'arn:aws:sagemaker:{REGION}:{R}:model-package/{GROUP}/1', version
    assert versions() == [version]
    describe_group()
    describe_version()
    list_versions()
    approve()
    create_model()
    described = deploy('flowers')
    assert described['EndpointStatus'] == 'InService', described.get('FailureReason')
    predict('flowers')
    undeploy('flowers')
    return {'version': version}


# ---- without each permission -----------------------------------------------------------------------------------------

def refused(step, *words):
    """The step is refused, by a sentence that has all the words; nothing that it would have made is there."""
    before = (versions(), models())
    try:
        step()
    except ClientError as error:
        told = error.response['Error']
    else:
        raise SystemExit(f'{step.__name__} was not refused')
    assert told['Code'] in ('AccessDeniedException', 'ValidationException'), told
    for word in words:
        assert word in told['Message'], (word, told)
    assert (versions(), models()) == before, 'something half-made is there'
    return told['Message']


def fails_to_deploy(*words):
    described = deploy('refused')
    undeploy('refused')
    assert described['EndpointStatus'] == 'Failed', described
    for word in words:
        assert word in described['FailureReason'], (word, described['FailureReason'])
    return described['FailureReason']


NO_RESOURCE, NO_IDENTITY = 'no resource-based policy allows', 'no identity-based policy allows'
R_ROOT, D_SESSION, T_SESSION = root_of(R), f'assumed-role/{ROLE}/', f'assumed-role/{TRAINER}/'
OBJECT = f'arn:aws:s3:::{BUCKET}/flowers/model.tar.gz'


def again():
    create_model('again')
    roots['D'].client('sagemaker').delete_model(ModelName='again')


def deployed_again():
    described = deploy('back')
    assert described['EndpointStatus'] == 'InService', described.get('FailureReason')
    predict('back')
    undeploy('back')


def cases():
    """name of the permission → how it is taken, the step that fails with its words, the step that works again."""
    def reg(*words):
        return lambda: refused(register, *words)

    def dep(*words):
        return lambda: fails_to_deploy(*words)

    def on_group(step, action):
        return lambda: refused(step, f'sagemaker:{action}', D_SESSION, NO_RESOURCE)

    key_arn = f'arn:aws:kms:{REGION}:{T}:key/{key_id()}'
    return {
        'image: R reads its manifest': (share_image, reg(R_ROOT, 'ecr:BatchGetImage', REPOSITORY_ARN, NO_RESOURCE), register),
        'image: R describes it': (share_image, reg(R_ROOT, 'ecr:DescribeImages', REPOSITORY_ARN, NO_RESOURCE), register),
        'data: R reads it': (share_data, reg(R_ROOT, 's3:GetObject', OBJECT, NO_RESOURCE), register),
        "data: R reads the bucket's ACL": (share_data, reg(R_ROOT, 's3:GetBucketAcl', BUCKET, NO_RESOURCE), register),
        "data: R reads the object's ACL": (share_data, reg(R_ROOT, 's3:GetObjectAcl', OBJECT, NO_RESOURCE), register),
        'key: R decrypts': (share_key, reg(R_ROOT, 'kms:Decrypt', key_arn, NO_RESOURCE), register),
        'group: T registers': (share_group, reg(T_SESSION, 'sagemaker:CreateModelPackage', f'model-package/{GROUP}', NO_RESOURCE), register),
        'T: the role may use SageMaker': (attach_roles, reg(T_SESSION, 'sagemaker:CreateModelPackage', NO_IDENTITY), register),
        'group: D describes the group': (share_group, on_group(describe_group, 'DescribeModelPackageGroup'), describe_group),
        'group: D describes versions': (share_group, on_group(describe_version, 'DescribeModelPackage'), describe_version),
        'group: D lists versions': (share_group, on_group(list_versions, 'ListModelPackages'), list_versions),
        'group: D approves versions': (share_group, on_group(approve, 'UpdateModelPackage'), approve),
        'group: D makes models': (share_group, on_group(again, 'CreateModel'), again),
        'D: SageMaker may take the role': (trust, lambda: refused(again, ROLE_ARN, 'sts:AssumeRole', 'sagemaker.amazonaws.com'), again),
        'D: the role may use SageMaker': (attach_roles, lambda: refused(again, D_SESSION, 'sagemaker:CreateModel', NO_IDENTITY), again),
        'image: D reads its manifest': (share_image, dep(D_SESSION, 'ecr:BatchGetImage', REPOSITORY_ARN, NO_RESOURCE), deployed_again),
        'image: D downloads its layers': (share_image, dep(D_SESSION, 'ecr:GetDownloadUrlForLayer', REPOSITORY_ARN, NO_RESOURCE), deployed_again),
        'data: D reads it': (share_data, dep(D_SESSION, 's3:GetObject', OBJECT, NO_RESOURCE), deployed_again),
        'key: D decrypts': (share_key, dep(D_SESSION, 'kms:Decrypt', key_arn), deployed_again),
    }


def removals():
    said = {}
    for name, (take, fails, works) in cases().items():
        take(without=name)
        try:
            said[name] = fails()
        except Exception as error:
            raise SystemExit(f'without "{name}": {error!r}') from error
        take()
        try:
            works()
        except Exception as error:
            raise SystemExit(f'"{name}" given back: {error!r}') from error
        if works is register:
            sagemaker['R'].delete_model_package(ModelPackageName=newest())
    return said


print(json.dumps({'prepare': prepare, 'share': share, 'walk': walk, 'removals': removals}[sys.argv[1]]()))
