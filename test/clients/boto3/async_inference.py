"""The documented walk through asynchronous inference: image, then the part to do."""

import datetime
import json
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

IMAGE = sys.argv[1]
CONFIG = Config(retries={"max_attempts": 0}, parameter_validation=False)
sagemaker = boto3.client("sagemaker", config=CONFIG)
runtime = boto3.client("sagemaker-runtime", config=CONFIG)
s3 = boto3.client("s3", config=CONFIG)
sns = boto3.client("sns", config=CONFIG)
sqs = boto3.client("sqs", config=CONFIG)
logs = boto3.client("logs", config=CONFIG)
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
TAG = uuid.uuid4().hex[:8]
BUCKET = f"sagemaker-async-{TAG}"
ENDPOINT = f"walk-{TAG}"


def refused(call, code, message=""):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message in found["Message"], found
        return found["Message"]
    raise AssertionError(f"not refused: {code}")


def until(look, seconds=60):
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {look.__name__}"
        time.sleep(0.05)


def inbox(topic_name):
    """A topic, and a queue that gets what is published there."""
    topic = sns.create_topic(Name=topic_name)["TopicArn"]
    url = sqs.create_queue(QueueName=topic_name)["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    return topic, url


def receive(url):
    """The next message of a topic, taken off its queue."""
    for _ in range(6):
        for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10).get("Messages", []):
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            envelope = json.loads(message["Body"])
            return envelope, json.loads(envelope["Message"])
    raise AssertionError(f"nothing came to {url}")


def read(location):
    bucket, key = location.removeprefix("s3://").split("/", 1)

    def present():
        try:
            return s3.get_object(Bucket=bucket, Key=key)
        except s3.exceptions.NoSuchKey:
            return None

    return until(present)


def put(key, body, content_type="text/plain"):
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=content_type)
    return f"s3://{BUCKET}/{key}"


def config(name, topics, **client):
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {"VariantName": "main", "ModelName": ENDPOINT, "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
        ],
        AsyncInferenceConfig={
            "ClientConfig": client,
            "OutputConfig": {
                "S3OutputPath": f"s3://{BUCKET}/out",
                "S3FailurePath": f"s3://{BUCKET}/fail/",
                "NotificationConfig": {**topics, "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"]},
            },
        },
    )


def at_rest():
    def settled():
        description = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        busy = description["EndpointStatus"] in ("Creating", "Updating", "RollingBack")
        return None if busy else description

    description = until(settled)
    assert description["EndpointStatus"] == "InService", description
    return description


def invoke(**members):
    return runtime.invoke_endpoint_async(EndpointName=ENDPOINT, **members)


def walk():
    s3.create_bucket(Bucket=BUCKET)
    success, successes = inbox(f"sagemaker-success-{TAG}")
    failure, failures = inbox(f"sagemaker-error-{TAG}")
    topics = {"SuccessTopic": success, "ErrorTopic": failure}
    container = {
        "Image": IMAGE,
        "Mode": "SingleModel",
        "Environment": {"TS_MAX_REQUEST_SIZE": "1000000000"},
        "ImageConfig": {"RepositoryAccessMode": "Vpc"},
    }
    network = {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]}
    sagemaker.create_model(ModelName=ENDPOINT, ExecutionRoleArn=ROLE, PrimaryContainer=container, VpcConfig=network)
    config(ENDPOINT, topics, MaxConcurrentInvocationsPerInstance=4)
    told = sagemaker.describe_endpoint_config(EndpointConfigName=ENDPOINT)["AsyncInferenceConfig"]
    assert told["ClientConfig"]["MaxConcurrentInvocationsPerInstance"] == 4, told
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    for url in (successes, failures):
        envelope, message = receive(url)
        assert message["eventName"] == "TestNotification", message
        assert envelope["Subject"] == "Amazon SageMaker Notification", envelope
    description = at_rest()
    assert description["AsyncInferenceConfig"] == told, description

    # A request that succeeds.
    location = put("in/one.csv", b"1,2,3", "text/csv")
    answer = invoke(
        InputLocation=location, ContentType="text/csv", Accept="text/csv", InferenceId="first-one", InvocationTimeoutSeconds=60
    )
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202, answer
    assert answer["InferenceId"] == "first-one", answer
    assert answer["OutputLocation"].startswith(f"s3://{BUCKET}/out/"), answer
    assert answer["OutputLocation"].endswith(".out"), answer
    assert answer["FailureLocation"].startswith(f"s3://{BUCKET}/fail/"), answer
    output = read(answer["OutputLocation"])
    assert output["Body"].read() == b"1,2,3"
    assert output["ContentType"] == "text/csv", output
    _, message = receive(successes)
    assert list(message) == [
        *("awsRegion", "eventTime", "receivedTime", "invocationStatus", "requestParameters", "responseParameters"),
        *("responseBody", "inferenceId", "eventVersion", "eventSource", "eventName"),
    ], message
    assert message["invocationStatus"] == "Completed", message
    assert message["requestParameters"] == {
        "contentType": "text/csv",
        "accept": "text/csv",
        "endpointName": ENDPOINT,
        "inputLocation": location,
    }, message
    assert message["responseParameters"] == {"contentType": "text/csv", "outputLocation": answer["OutputLocation"]}
    assert message["responseBody"]["content"] == "MSwyLDM=", message
    assert message["inferenceId"] == "first-one", message

    # The environment reaches the container, and the type of the object does when the request names none.
    location = put("in/env", b"env", "text/x-commands")
    env = json.loads(read(invoke(InputLocation=location)["OutputLocation"])["Body"].read())
    assert "TS_MAX_REQUEST_SIZE=1000000000" in env, env
    receive(successes)

    # Requests that fail.
    location = put("in/bad", b"status=500;body=no such luck", "text/x-commands")
    answer = invoke(InputLocation=location, ContentType="text/x-commands")
    text = read(answer["FailureLocation"])["Body"].read().decode()
    assert text.startswith("ClientError: Received server error (500) from model."), text
    _, message = receive(failures)
    assert message["failureReason"] == text, message
    assert message["invocationStatus"] == "Failed", message
    assert "responseParameters" not in message, message
    refused(lambda: s3.get_object(Bucket=BUCKET, Key=answer["OutputLocation"].split("/", 3)[3]), "NoSuchKey")

    answer = invoke(InputLocation=f"s3://{BUCKET}/in/nothing")
    text = read(answer["FailureLocation"])["Body"].read().decode()
    assert text.startswith(f"ClientError: Failed to download the input s3://{BUCKET}/in/nothing"), text
    receive(failures)

    location = put("in/slow", b"sleep=5000", "text/x-commands")
    answer = invoke(InputLocation=location, InvocationTimeoutSeconds=1)
    text = read(answer["FailureLocation"])["Body"].read().decode()
    assert "within 1 seconds" in text, text
    receive(failures)

    # Names of objects that the caller chooses.
    location = put("in/named", b"named", "text/plain")
    answer = invoke(InputLocation=location, S3OutputPathExtension="a/b", Filename="named.txt")
    assert answer["OutputLocation"] == f"s3://{BUCKET}/out/a/b/named.txt", answer
    assert answer["FailureLocation"] == f"s3://{BUCKET}/fail/a/b/named.txt-error.out", answer
    assert read(answer["OutputLocation"])["Body"].read() == b"named"
    receive(successes)

    # What is refused.
    refused(lambda: runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=b"x"), "ValidationError", "InvokeEndpointAsync")
    refused(
        lambda: runtime.invoke_endpoint_with_response_stream(EndpointName=ENDPOINT, Body=b"x"),
        "ValidationError",
        "InvokeEndpointAsync",
    )
    refused(lambda: runtime.invoke_endpoint_async(EndpointName="nobody", InputLocation=location), "ValidationError", "not found")
    refused(lambda: invoke(InputLocation=location, Filename="a.b.c"), "ValidationError", "filename")
    refused(lambda: invoke(InputLocation="http://somewhere/else"), "ValidationError", "inputLocation")
    refused(lambda: invoke(InputLocation=location, RequestTTLSeconds=59), "ValidationError", "requestTTLSeconds")

    # The platform's own lines.
    def logged():
        group = f"/aws/sagemaker/Endpoints/{ENDPOINT}"
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        names = [one["logStreamName"] for one in streams if one["logStreamName"].endswith("/data-log")]
        for name in names:
            events = logs.get_log_events(logGroupName=group, logStreamName=name, startFromHead=True)["events"]
            texts = [event["message"] for event in events]
            if any('Received server error (500) from primary with message "no such luck".' in text for text in texts):
                return texts
        return None

    until(logged)

    # Updates tell the topics again, and the endpoint goes on.
    config(f"{ENDPOINT}-2", topics)
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=f"{ENDPOINT}-2")
    for url in (successes, failures):
        assert receive(url)[1]["eventName"] == "TestNotification"
    at_rest()
    assert read(invoke(InputLocation=location)["OutputLocation"])["Body"].read() == b"named"
    receive(successes)

    # To zero, and awake again.
    def capacity(count):
        wanted = [{"VariantName": "main", "DesiredInstanceCount": count}]
        sagemaker.update_endpoint_weights_and_capacities(EndpointName=ENDPOINT, DesiredWeightsAndCapacities=wanted)
        for url in (successes, failures):
            assert receive(url)[1]["eventName"] == "TestNotification"
        variant = at_rest()["ProductionVariants"][0]
        assert variant["CurrentInstanceCount"] == count, variant

    capacity(0)
    waiting = invoke(InputLocation=location)
    capacity(1)
    assert read(waiting["OutputLocation"])["Body"].read() == b"named"
    receive(successes)

    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    until(lambda: ENDPOINT not in [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]])
    refused(lambda: invoke(InputLocation=location), "ValidationError", "not found")


def refusals():
    def attempt(output, **more):
        sagemaker.create_endpoint_config(
            EndpointConfigName="refused",
            ProductionVariants=[
                {"VariantName": "main", "ModelName": "none", "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
            ],
            AsyncInferenceConfig={"OutputConfig": output, **more},
        )

    refused(lambda: attempt({}), "ValidationException", "S3OutputPath")
    topics = {"SuccessTopic": f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"}
    refused(lambda: attempt({"S3OutputPath": "s3://b/o", "NotificationConfig": topics}), "ValidationException")
    refused(lambda: attempt({"S3OutputPath": "ftp://b/o"}), "ValidationException")
    client = {"MaxConcurrentInvocationsPerInstance": 0}
    refused(lambda: attempt({"S3OutputPath": "s3://b/o"}, ClientConfig=client), "ValidationException")


started = datetime.datetime.now(datetime.timezone.utc)
for part in sys.argv[2:]:
    {"walk": walk, "refusals": refusals}[part]()
print("ok")
