"""Functions and their logs, as boto3 sees them. Prints `ok` when all of it holds."""

import base64
import io
import json
import time
import zipfile

import boto3
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
CREDENTIALS = {"Credentials": {"Username": "u", "Password": "p"}}


def zipped(**files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_dot_", "."), content)
    return buffer.getvalue()


def refused(call, code, status):
    try:
        call()
    except ClientError as error:
        found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert found == (code, status), f"{found} instead of {(code, status)}"
        return error.response["Error"]["Message"]
    raise AssertionError(f"not refused: {code}")


def eventually(check, seconds=10):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except (AssertionError, ClientError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


functions, logs, s3 = boto3.client("lambda"), boto3.client("logs"), boto3.client("s3")

# A function of each language, from the request and from S3.
python = zipped(app_dot_py=f"""
def handler(event, context):
    print("asked for", event.get("what"))
    if event.get("what") == "trouble":
        raise ValueError("no such registry")
    return {CREDENTIALS!r}
""")
created = functions.create_function(FunctionName="sagemaker-credentials", Runtime="python3.12", Role=ROLE,
                                    Handler="app.handler", Code={"ZipFile": python}, Timeout=10)
assert created["State"] == "Active" and created["CodeSize"] == len(python)
functions.get_waiter("function_active_v2").wait(FunctionName="sagemaker-credentials")
refused(lambda: functions.create_function(FunctionName="sagemaker-credentials", Runtime="python3.12", Role=ROLE,
                                          Handler="app.handler", Code={"ZipFile": python}),
        "ResourceConflictException", 409)
s3.create_bucket(Bucket="code")
s3.put_object(Bucket="code", Key="health.zip", Body=zipped(index_dot_mjs="""
export const handler = async () => {
  const response = await fetch(process.env.AWS_ENDPOINT_URL + '/_slipway/health')
  return (await response.json()).status
}"""))
functions.create_function(FunctionName="health", Runtime="nodejs22.x", Role=ROLE, Handler="index.handler",
                          Code={"S3Bucket": "code", "S3Key": "health.zip"}, Timeout=10)

# Invoked, by many callers on all workers, and asked for the end of the log.
answer = functions.invoke(FunctionName="sagemaker-credentials", Payload=b'{"what": "login"}', LogType="Tail")
assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST" and "FunctionError" not in answer
assert json.load(answer["Payload"]) == CREDENTIALS
tail = base64.b64decode(answer["LogResult"]).decode()
assert tail.startswith("START RequestId: ") and "\nasked for login\nEND RequestId: " in tail, tail
assert answer["ResponseMetadata"]["RequestId"] in tail
for _ in range(20):
    fresh = boto3.client("lambda")
    assert json.load(fresh.invoke(FunctionName="sagemaker-credentials")["Payload"]) == CREDENTIALS
assert json.load(functions.invoke(FunctionName="health")["Payload"]) == "ok"

# A failing one, one that is not there, and one behind a new configuration.
answer = functions.invoke(FunctionName=created["FunctionArn"], Payload=b'{"what": "trouble"}')
assert answer["FunctionError"] == "Unhandled"
assert json.load(answer["Payload"])["errorMessage"] == "no such registry"
assert refused(lambda: functions.invoke(FunctionName="none"), "ResourceNotFoundException", 404) == (
    f"Function not found: arn:aws:lambda:us-east-1:{ACCOUNT}:function:none")
refused(lambda: functions.invoke(FunctionName="health", Payload=b"{"), "InvalidRequestContentException", 400)
functions.update_function_configuration(FunctionName="health", Environment={"Variables": {"WORD": "w"}})
functions.get_waiter("function_updated_v2").wait(FunctionName="health")
functions.update_function_code(FunctionName="health", ZipFile=zipped(
    index_dot_mjs="export const handler = async () => process.env.WORD"))
assert json.load(functions.invoke(FunctionName="health")["Payload"]) == "w"
assert functions.invoke(FunctionName="health", InvocationType="DryRun")["StatusCode"] == 204

# Events for later are handled, and everything printed is found the way `aws logs tail` looks for it.
GROUP = "/aws/lambda/sagemaker-credentials"
assert functions.invoke(FunctionName="sagemaker-credentials", InvocationType="Event",
                        Payload=b'{"what": "later"}')["StatusCode"] == 202


def tailed(**selection):
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP, interleaved=True, **selection)
    return [event for page in pages for event in page["events"]]


def printed(word, count):
    found = [event for event in tailed(filterPattern=f'"asked for {word}"')]
    assert len(found) == count, found
    return found


[event] = eventually(lambda: printed("later", 1))
eventually(lambda: printed("None", 20))
since = event["timestamp"]
seen = {event["eventId"] for event in tailed(startTime=since)}
functions.invoke(FunctionName="sagemaker-credentials", Payload=b'{"what": "following"}')


def followed():
    new = [event["message"] for event in tailed(startTime=since) if event["eventId"] not in seen]
    assert "asked for following" in new, new


eventually(followed)
streams = logs.describe_log_streams(logGroupName=GROUP, orderBy="LastEventTime", descending=True)["logStreams"]
events = logs.get_log_events(logGroupName=GROUP, logStreamName=streams[0]["logStreamName"], startFromHead=True)
assert events["events"][0]["message"].startswith("INIT_START Runtime Version: Python 3."), events["events"][0]

# What is deleted is gone.
for name in ("sagemaker-credentials", "health"):
    functions.delete_function(FunctionName=name)
    refused(lambda: functions.get_function(FunctionName=name), "ResourceNotFoundException", 404)
    logs.delete_log_group(logGroupName=f"/aws/lambda/{name}")
assert functions.list_functions()["Functions"] == []
assert logs.describe_log_groups()["logGroups"] == []
print("ok")
