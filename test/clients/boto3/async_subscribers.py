"""Results of asynchronous inference at a subscriber of each protocol, raw and not; signatures are verified by openssl.

Arguments: the image, and a folder with `certificate.pem` and `key.pem` for the web server, which the service trusts.
"""

import base64
import http.server
import io
import json
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
import uuid
import zipfile

import boto3
from botocore.config import Config

IMAGE, FOLDER = sys.argv[1:]
CONFIG = Config(retries={"max_attempts": 0})
sagemaker, runtime, s3, sns, sqs, lambdas, logs = (
    boto3.client(service, config=CONFIG)
    for service in ("sagemaker", "sagemaker-runtime", "s3", "sns", "sqs", "lambda", "logs")
)
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
TAG = uuid.uuid4().hex[:8]
NAME = f"told-{TAG}"
BUCKET = f"sagemaker-told-{TAG}"
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def until(look, seconds=60):
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < end, f"not within {seconds} s: {look}"
        time.sleep(0.05)


def fetch(url):
    with urllib.request.urlopen(url, timeout=20) as answer:
        return answer.read()


certificates = {}


def verifies(message):
    """Whether the signature is that of the certificate at the message's URL, as AWS documents it, and openssl agrees."""
    url = message["SigningCertURL"]
    if url not in certificates:
        certificates[url] = fetch(url)
    text = "".join(f"{key}\n{message[key]}\n" for key in SIGNED[message["Type"]] if message.get(key) is not None)
    with tempfile.TemporaryDirectory() as folder:

        def write(name, content):
            with open(f"{folder}/{name}", "wb") as file:
                file.write(content)
            return file.name

        certificate = write("certificate", certificates[url])
        key = subprocess.run(
            ["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], check=True, capture_output=True
        ).stdout
        digest = {"1": "-sha1", "2": "-sha256"}[message["SignatureVersion"]]
        arguments = ["-verify", write("key", key), "-signature", write("sig", base64.b64decode(message["Signature"]))]
        verified = subprocess.run(
            ["openssl", "dgst", digest, *arguments, write("text", text.encode())], capture_output=True, check=False
        )
    return verified.returncode == 0


def require_signature(message):
    assert verifies(message), message
    assert not verifies({**message, "Message": message["Message"] + " "}), message


class Web:
    """A web server that keeps what it is sent, by path, and follows the links of confirmations."""

    def __init__(self, tls):
        heard = self.heard = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                kind = self.headers["x-amz-sns-message-type"]
                heard.setdefault(self.path, []).append((kind, self.headers["x-amz-sns-rawdelivery"], body))
                if kind == "SubscriptionConfirmation":
                    require_signature(json.loads(body))
                    assert b"SubscriptionArn" in fetch(json.loads(body)["SubscribeURL"])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(f"{FOLDER}/certificate.pem", f"{FOLDER}/key.pem")
            server.socket = context.wrap_socket(server.socket, server_side=True)
            self.url = f"https://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def results(self, path, raw):
        """The messages of SageMaker that came there; those that are wrapped are verified."""
        found = []
        for kind, raw_header, body in list(self.heard.get(path, [])):
            if kind != "Notification":
                continue
            assert (raw_header == "true") == raw, (path, raw_header)
            if not raw:
                require_signature(json.loads(body))
            found.append(json.loads(body if raw else json.loads(body)["Message"]))
        return found


class Queue:
    def __init__(self, topic, name):
        self.url = sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})
        self.found = []

    def results(self, raw):
        for message in sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", []):
            sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
            body = json.loads(message["Body"])
            if not raw:
                require_signature(body)
            self.found.append(body if raw else json.loads(body["Message"]))
        return self.found


def make_function(topic):
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "import json\ndef handler(event, context):\n    print('got', json.dumps(event))\n")
    function = lambdas.create_function(
        FunctionName=NAME, Runtime="python3.12", Handler="app.handler", Role=ROLE, Code={"ZipFile": code.getvalue()}
    )["FunctionArn"]
    lambdas.add_permission(
        FunctionName=NAME,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    return function


def function_results():
    """What the function was called with, as it printed it."""
    try:
        events = logs.filter_log_events(logGroupName=f"/aws/lambda/{NAME}")["events"]
    except logs.exceptions.ResourceNotFoundException:
        return []
    found = []
    for line in (event["message"] for event in events):
        if line.startswith("got "):
            for record in json.loads(line[4:])["Records"]:
                message = record["Sns"]
                require_signature({**message, "SigningCertURL": message["SigningCertUrl"]})
                found.append(json.loads(message["Message"]))
    return found


def deploy(topic):
    network = {"SecurityGroupIds": ["sg-0123456789abcdef0"], "Subnets": ["subnet-0123456789abcdef0"]}
    container = {"Image": IMAGE, "ImageConfig": {"RepositoryAccessMode": "Vpc"}}
    sagemaker.create_model(ModelName=NAME, ExecutionRoleArn=ROLE, PrimaryContainer=container, VpcConfig=network)
    variant = {"VariantName": "v", "ModelName": NAME, "InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}
    output = {
        "S3OutputPath": f"s3://{BUCKET}/out",
        "S3FailurePath": f"s3://{BUCKET}/fail",
        "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=NAME, ProductionVariants=[variant], AsyncInferenceConfig={"OutputConfig": output}
    )
    sagemaker.create_endpoint(EndpointName=NAME, EndpointConfigName=NAME)
    until(lambda: sagemaker.describe_endpoint(EndpointName=NAME)["EndpointStatus"] == "InService")


def invoke(key, body):
    s3.put_object(Bucket=BUCKET, Key=key, Body=body, ContentType="text/x-commands")
    return runtime.invoke_endpoint_async(EndpointName=NAME, InputLocation=f"s3://{BUCKET}/{key}", InferenceId=key)


s3.create_bucket(Bucket=BUCKET)
topic = sns.create_topic(Name=f"sagemaker-told-{TAG}")["TopicArn"]
plain, tls = Web(False), Web(True)
wrapped, raw = Queue(topic, f"wrapped-{TAG}"), Queue(topic, f"raw-{TAG}")
RAW = {"RawMessageDelivery": "true"}
for protocol, endpoint, attributes in (
    ("http", f"{plain.url}/wrapped", {}),
    ("http", f"{plain.url}/raw", RAW),
    ("https", f"{tls.url}/wrapped", {}),
    ("https", f"{tls.url}/raw", RAW),
    ("sqs", wrapped.arn, {}),
    ("sqs", raw.arn, RAW),
    ("lambda", make_function(topic), {}),
):
    sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint, Attributes=attributes)
subscribers = {
    "http": lambda: plain.results("/wrapped", False),
    "http, raw": lambda: plain.results("/raw", True),
    "https": lambda: tls.results("/wrapped", False),
    "https, raw": lambda: tls.results("/raw", True),
    "sqs": lambda: wrapped.results(False),
    "sqs, raw": lambda: raw.results(True),
    "lambda": function_results,
}


def confirmed():
    found = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return len(found) == 7 and all(one["SubscriptionArn"] != "PendingConfirmation" for one in found)


until(confirmed)
deploy(topic)
wanted = {}
for version in ("1", "2"):
    sns.set_topic_attributes(TopicArn=topic, AttributeName="SignatureVersion", AttributeValue=version)
    good = invoke(f"good-{version}", "body=fine")
    bad = invoke(f"bad-{version}", "status=500;body=no such luck")
    wanted[good["InferenceId"]] = "Completed"
    wanted[bad["InferenceId"]] = "Failed"
    for protocol, results in subscribers.items():

        def all_told():
            told = {one["inferenceId"]: one["invocationStatus"] for one in results() if "inferenceId" in one}
            return told == wanted

        until(all_told)
for protocol, results in subscribers.items():
    found = results()
    assert any(one["eventName"] == "TestNotification" for one in found), (protocol, found)
    for one in found:
        if one["eventName"] != "TestNotification":
            assert one["requestParameters"]["inputLocation"] == f"s3://{BUCKET}/{one['inferenceId']}", (protocol, one)
versions = {json.loads(body)["SignatureVersion"] for kind, _, body in tls.heard["/wrapped"] if kind == "Notification"}
assert versions == {"1", "2"}, versions
sagemaker.delete_endpoint(EndpointName=NAME)
print("ok")
