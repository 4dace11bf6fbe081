# %% [markdown]
# # Score a batch of inputs with an asynchronous endpoint
#
# Two hundred inputs go into a bucket and into the endpoint's queue; the results are objects, and a queue tells when each is there.
# Run it cell by cell in a notebook, or as a program. It needs boto3 and these variables:
#
# - `MODEL_IMAGE`: an image that serves on port 8080: one pushed to the server's own registry (docs/images.md), or where it can be pulled
#   without a login
# - `ROLE_ARN`: the execution role; default: the one that comes with a new installation
# - what points boto3 at the server: `eval "$(slipway env)"`

# %%
import json
import os
import sys
import time
import uuid

import boto3
from botocore.exceptions import WaiterError

REQUESTS = int(os.environ.get("REQUESTS", "200"))
IMAGE = os.environ.get("MODEL_IMAGE") or sys.exit("MODEL_IMAGE must name the image of a model server, which listens on port 8080")
NAME = f"sagemaker-async-example-{uuid.uuid4().hex[:8]}"

sagemaker = boto3.client("sagemaker")
runtime = boto3.client("sagemaker-runtime")
s3 = boto3.client("s3")
ecr = boto3.client("ecr")
sns = boto3.client("sns")
sqs = boto3.client("sqs")
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
ROLE = os.environ.get("ROLE_ARN", f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole")

# %% [markdown]
# ## A bucket, and a topic whose messages a queue receives

# %%
s3.create_bucket(Bucket=NAME)
topic = sns.create_topic(Name=NAME)["TopicArn"]
queue = sqs.create_queue(QueueName=NAME)["QueueUrl"]
queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
may_send = {
    "Effect": "Allow",
    "Principal": {"Service": "sns.amazonaws.com"},
    "Action": "sqs:SendMessage",
    "Resource": queue_arn,
    "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
}
sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps({"Statement": [may_send]})})
sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn, Attributes={"RawMessageDelivery": "true"})

# %% [markdown]
# ## A model, and an endpoint that queues

# %%
def remove():
    """All but the bucket, which has the results."""
    sagemaker.delete_endpoint(EndpointName=NAME)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    sagemaker.delete_endpoint_config(EndpointConfigName=NAME)
    sagemaker.delete_model(ModelName=NAME)
    sns.delete_topic(TopicArn=topic)
    sqs.delete_queue(QueueUrl=queue)


pages = ecr.get_paginator("describe_repositories").paginate()
own_images = [repository["repositoryUri"] for page in pages for repository in page["repositories"]]
if IMAGE.startswith(tuple(f"{uri}{sign}" for uri in own_images for sign in ":@")):
    where = {"PrimaryContainer": {"Image": IMAGE}}
else:
    where = {
        "PrimaryContainer": {"Image": IMAGE, "ImageConfig": {"RepositoryAccessMode": "Vpc"}},
        "VpcConfig": {"SecurityGroupIds": ["sg-00000000"], "Subnets": ["subnet-00000000"]},
    }
sagemaker.create_model(ModelName=NAME, ExecutionRoleArn=ROLE, **where)
sagemaker.create_endpoint_config(
    EndpointConfigName=NAME,
    ProductionVariants=[
        {"VariantName": "main", "ModelName": NAME, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ],
    AsyncInferenceConfig={
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 8},
        "OutputConfig": {
            "S3OutputPath": f"s3://{NAME}/results",
            "S3FailurePath": f"s3://{NAME}/failures",
            "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
        },
    },
)
sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
try:
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 300})
except WaiterError:
    reason = sagemaker.describe_endpoint(EndpointName=NAME).get("FailureReason", "it takes too long")
    remove()
    sys.exit(f"The endpoint is not in service: {reason}")

# %% [markdown]
# ## The inputs, and the requests

# %%
results = {}
for number in range(REQUESTS):
    key = f"inputs/{number}.csv"
    s3.put_object(Bucket=NAME, Key=key, Body=f"{number},{number * number}".encode(), ContentType="text/csv")
    answer = runtime.invoke_endpoint_async(
        EndpointName=NAME, InputLocation=f"s3://{NAME}/{key}", ContentType="text/csv", InferenceId=f"row-{number}"
    )
    results[f"row-{number}"] = answer["OutputLocation"]

# %% [markdown]
# ## What becomes of them


# %%
def bar(done, failed, width=40):
    """A line that is drawn over itself on a terminal, and one line at the end elsewhere."""
    filled = width * done // REQUESTS
    text = f"[{'#' * filled}{'.' * (width - filled)}] {done}/{REQUESTS}" + (f", {failed} failed" if failed else "")
    if sys.stdout.isatty():
        print(f"\r{text}", end="", flush=True)
    elif done == REQUESTS:
        print(text)


started = time.monotonic()
ended = {}
while len(ended) < REQUESTS:
    for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20).get("Messages", []):
        told = json.loads(message["Body"])
        # The endpoint has also sent a test message.
        if told["eventName"] == "InferenceResult":
            ended[told["inferenceId"]] = told
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    bar(len(ended), sum(1 for told in ended.values() if told["invocationStatus"] == "Failed"))
failures = {key: told["failureReason"] for key, told in ended.items() if told["invocationStatus"] == "Failed"}
print(f"\n{REQUESTS} requests in {time.monotonic() - started:.1f} s, {len(failures)} failed")
for key, reason in list(failures.items())[:3]:
    print(f"  {key}: {reason}")

# %% [markdown]
# ## One result, and the end

# %%
if "row-3" in ended and "row-3" not in failures:
    location = results["row-3"].removeprefix(f"s3://{NAME}/")
    print("row 3:", s3.get_object(Bucket=NAME, Key=location)["Body"].read().decode())
print(f"all results: s3://{NAME}/results/")
remove()
sys.exit(1 if failures else 0)
