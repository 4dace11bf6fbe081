"""Models of several containers with plain boto3: a pipeline, one from a registered version, and direct invocation."""

import json
import os
import sys
import time

import boto3
from accounts import ONCE, allow, document, refused, soon
from botocore.exceptions import ClientError

IMAGE, RUN = sys.argv[1], sys.argv[2]
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
VPC = {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]}
PRIVATE = {"RepositoryAccessMode": "Vpc"}
COMMANDS = "text/x-commands"

sagemaker, runtime, iam, logs, cloudwatch = (
    boto3.client(name, config=ONCE) for name in ("sagemaker", "sagemaker-runtime", "iam", "logs", "cloudwatch")
)


def container(**more):
    return {"Image": IMAGE, "ImageConfig": PRIVATE, **more}


def deploy(name, **model):
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=ROLE, VpcConfig=VPC, **model)
    variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def invoke(endpoint, client=runtime, **more):
    answer = client.invoke_endpoint(EndpointName=endpoint, **{"Body": b"hello", "ContentType": "text/plain", **more})
    return answer["Body"].read().decode(), answer["ContentType"]


def error(call):
    try:
        call()
    except ClientError as failed:
        return failed.response
    raise AssertionError("not refused")


# A pipeline: bodies and content types go from one to the next, errors name the container.
line = f"line-{RUN}"
deploy(line, Containers=[container(Environment={"WHO": name}) for name in ("one", "two", "three")])
assert invoke(line) == ("hello", "text/plain")
body, _ = invoke(line, ContentType=COMMANDS, Body=f"body=env;type={COMMANDS}")
assert "WHO=two" in json.loads(body), body
body, _ = invoke(line, ContentType=COMMANDS, Body=f"body=headers;type={COMMANDS}", Accept="text/wanted")
sent = {name.lower(): value for name, value in json.loads(body)}
assert sent["content-type"] == COMMANDS and sent["accept"] == "text/wanted", sent
failed = error(lambda: invoke(line, ContentType=COMMANDS, Body=f"body=status=503;type={COMMANDS}"))
assert failed["Error"]["Code"] == "ModelError" and failed["ResponseMetadata"]["HTTPStatusCode"] == 424, failed
assert 'Received server error (503) from container_2 with message "' in failed["Error"]["Message"], failed
assert failed["OriginalStatusCode"] == 503, failed
events = runtime.invoke_endpoint_with_response_stream(
    EndpointName=line, Body=b"x", ContentType="text/plain", CustomAttributes="size=200000;drip=5;interval=30"
)["Body"]
parts = [event["PayloadPart"]["Bytes"] for event in events]
assert sum(map(len, parts)) == 200_000 and len(parts) >= 5, len(parts)
described = sagemaker.describe_endpoint(EndpointName=line)["ProductionVariants"][0]
assert len(described["DeployedImages"]) == 3, described

# The same from a version that has several containers.
group = f"group-{RUN}"
sagemaker.create_model_package_group(ModelPackageGroupName=group)
version = sagemaker.create_model_package(
    ModelPackageGroupName=group,
    ModelApprovalStatus="Approved",
    InferenceSpecification={
        "Containers": [{"Image": IMAGE, "Environment": {"WHO": name}} for name in ("first", "second")],
        "SupportedContentTypes": ["text/plain"],
        "SupportedResponseMIMETypes": ["text/plain"],
    },
)["ModelPackageArn"]
packaged = f"packaged-{RUN}"
deploy(packaged, Containers=[{"ModelPackageName": version, "ImageConfig": PRIVATE}])
body, _ = invoke(packaged, ContentType=COMMANDS, Body=f"body=env;type={COMMANDS}")
assert "WHO=second" in json.loads(body), body

# Direct invocation: the request says which, and policies may ask for it.
direct = f"direct-{RUN}"
names = ("alpha", "beta")
deploy(
    direct,
    Containers=[container(ContainerHostname=name, Environment={"WHO": name}) for name in names],
    InferenceExecutionConfig={"Mode": "Direct"},
)
for name in names:
    body, _ = invoke(direct, TargetContainerHostname=name, CustomAttributes="env")
    assert f"WHO={name}" in json.loads(body), body
for endpoint, target in ((direct, {}), (direct, {"TargetContainerHostname": "gamma"}), (line, {"TargetContainerHostname": "alpha"})):
    found = error(lambda: invoke(endpoint, **target))
    assert found["Error"]["Code"] == "ValidationError" and found["ResponseMetadata"]["HTTPStatusCode"] == 400, found
for model in (
    {"Containers": [container(ContainerHostname="alpha"), container()]},
    {"Containers": [container(ContainerHostname="alpha"), container(ContainerHostname="Alpha")]},
    {"Containers": [container(), container()], "InferenceExecutionConfig": {"Mode": "Direct"}},
    {"Containers": [container(ContainerHostname="a")], "InferenceExecutionConfig": {"Mode": "Direct"}},
    {"Containers": [container() for _ in range(16)]},
    {"Containers": [container(), container()], "PrimaryContainer": container()},
):
    found = error(lambda: sagemaker.create_model(ModelName=f"bad-{RUN}", ExecutionRoleArn=ROLE, VpcConfig=VPC, **model))
    assert found["Error"]["Code"] == "ValidationException", found

user = f"ann-{RUN}"
iam.create_user(UserName=user)
only = {"StringEquals": {"sagemaker:TargetContainerHostname": "alpha"}}
policy = document(allow("sagemaker:InvokeEndpoint", Condition=only))
iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy)
key = iam.create_access_key(UserName=user)["AccessKey"]
ann = boto3.client(
    "sagemaker-runtime",
    aws_access_key_id=key["AccessKeyId"],
    aws_secret_access_key=key["SecretAccessKey"],
    config=ONCE,
)
soon(lambda: invoke(direct, ann, TargetContainerHostname="alpha"))
refused(lambda: invoke(direct, ann, TargetContainerHostname="beta"), ["sagemaker:InvokeEndpoint"])
refused(lambda: invoke(direct, ann), ["sagemaker:InvokeEndpoint"])


# Each container has its log and its metrics.
def streams():
    found = logs.describe_log_streams(logGroupName=f"/aws/sagemaker/Endpoints/{direct}")["logStreams"]
    assert sorted(stream["logStreamName"].split("/")[2] for stream in found) == sorted(names), found


def total(endpoint, name, statistic, namespace="AWS/SageMaker", **more):
    dimensions = {"EndpointName": endpoint, "VariantName": "v", **more}
    metric = {
        "Namespace": namespace,
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
    }
    query = {"Id": "m", "MetricStat": {"Metric": metric, "Period": 3600, "Stat": statistic}}
    now = time.time()
    answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=now - 3600, EndTime=now + 60)
    return sum(answer["MetricDataResults"][0]["Values"])


def metrics():
    beta = {"ContainerName": "beta"}
    assert total(direct, "Invocations", "Sum", **beta) == 1
    assert total(direct, "ContainerLatency", "SampleCount", **beta) == 1
    assert total(direct, "Invocations", "Sum", ContainerName="alpha") + 1 == total(direct, "Invocations", "Sum")
    assert total(line, "Invocation5XXErrors", "Sum", ContainerName="container_2") == 1
    assert total(line, "Invocation5XXErrors", "Sum", ContainerName="container_1") == 0
    assert total(line, "Invocations", "Sum") == total(line, "Invocations", "Sum", ContainerName="container_1") == 5
    assert total(line, "Invocations", "Sum", ContainerName="container_3") == 4


def usage():
    use = "/aws/sagemaker/Endpoints"
    assert total(line, "MemoryUtilization", "Maximum", use, ContainerName="container_3") > 0
    assert total(line, "MemoryUtilization", "Maximum", use) > 0


soon(streams)
soon(metrics)
if os.environ.get("USAGE"):
    soon(usage)
for endpoint in (line, packaged, direct):
    sagemaker.delete_endpoint(EndpointName=endpoint)
print(json.dumps("done"))
