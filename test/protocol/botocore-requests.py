"""Signs requests with botocore and prints them as they would be sent, one JSON object a line.

Texts are printed with one character a byte of the wire, as node:http hands them out.
"""

import base64
import json
import random
import sys

import boto3
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.utils import percent_encode, percent_encode_sequence
from urllib.parse import urlsplit

KEY_ID, SECRET, TOKEN, COUNT, SEED = sys.argv[1:6]
random.seed(int(SEED))

PIECES = [
    "a", "Z9", "-._~", " ", "  ", "+", "%", "%2F", "%2f", "%zz", "/", "//", ".", "..", "ü", "日本", "🚢", "!", "*", "'",
    "(", ")", ";", ":", "@", "&", "=", "$", ",", "?", "#", "[", "]", '"', "<", ">", "\\", "^", "`", "{", "|", "}", "~",
]
HOSTS = ["127.0.0.1:8770", "localhost", "bucket.s3.localhost:9000", "sagemaker.us-east-1.amazonaws.com"]


def text(most):
    return "".join(random.choice(PIECES) for _ in range(random.randint(0, most)))


def on_the_wire(value):
    return value.encode("utf-8").decode("latin-1") if isinstance(value, str) else value.decode("latin-1")


def show(kind, service, method, url, headers, body):
    parts = urlsplit(url)
    target = url[url.index("/", url.index("//") + 2):] if "/" in url[url.index("//") + 2:] else "/"
    pairs = [(name, on_the_wire(value)) for name, value in headers]
    if not any(name.lower() == "host" for name, _ in pairs):
        pairs.append(("Host", parts.netloc))
    print(json.dumps({
        "kind": kind, "service": service, "method": method, "target": on_the_wire(target), "headers": pairs,
        "body": base64.b64encode(body or b"").decode(),
    }))


def made_up(index):
    token = TOKEN if random.random() < 0.3 else None
    credentials = Credentials(KEY_ID, SECRET, token)
    service = random.choice(["s3", "sagemaker", "lambda", "iam"])
    presigned = random.random() < 0.3
    raw_path = "/" + text(8)
    path = percent_encode(raw_path, safe="/~")
    pairs = [(text(3), text(4)) for _ in range(random.randint(0, 4))]
    pairs += random.sample(pairs, min(len(pairs), random.randint(0, 2)))
    query = percent_encode_sequence(pairs)
    if random.random() < 0.2:
        query = random.choice(["acl", "uploads=", "b&a", "b=2&a=1&a=", "prefix=a/b&x=+", "list-type=2&prefix=%c3%bc", "x=*'()!"])
    url = "http://" + random.choice(HOSTS) + path + ("?" + query if query else "")
    body = random.choice([b"", b"{}", "ünïcode".encode(), bytes(range(256))])
    request = AWSRequest(method=random.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]), url=url, data=body)
    for _ in range(random.randint(0, 4)):
        name = random.choice(["X-Custom", "x-amz-meta-colour", "Content-Type", "X-Amzn-Note", "Cache-Control", "X-Amz-Target"])
        if name in request.headers and name == "Content-Type":
            continue
        request.headers[name] = random.choice(["text/csv", "  two   spaces ", "a\tb", "", "ü à é", "a, b", "a,b", 'q="x  y"'])
    if presigned:
        auth = S3SigV4QueryAuth if service == "s3" else SigV4QueryAuth
        signer = auth(credentials, service, "us-east-1", expires=random.randint(60, 604800))
        request.data = b""  # Presigning would move the members of a body into the query.
    else:
        auth = S3SigV4Auth if service == "s3" else SigV4Auth
        signer = auth(credentials, service, "us-east-1")
        if service == "s3":
            request.context["client_config"] = Config(s3={"payload_signing_enabled": random.random() < 0.5})
    signer.add_auth(request)
    show("presigned" if presigned else "header", service, request.method, request.url, request.headers.items(),
         b"" if presigned and service != "s3" else body)


def sent_by_clients():
    session = boto3.Session(KEY_ID, SECRET, TOKEN, region_name="eu-west-1")
    config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})

    def client(name):
        made = session.client(name, endpoint_url="http://127.0.0.1:8770", config=config)

        def capture(request, **_):
            body = request.body
            body = body.read() if hasattr(body, "read") else body
            body = body.encode() if isinstance(body, str) else bytes(body or b"")
            service = made.meta.service_model.signing_name
            show("client", service, request.method, request.url, request.headers.items(), body)
            return AWSResponse(request.url, 204, {}, None)

        made.meta.events.register("before-send", capture)
        return made

    def tried(call):
        try:
            call()
        except Exception:  # The answer is empty; only the request matters.
            pass

    s3 = client("s3")
    for key in ["plain", "a b", "a+b", "a//b", "../up", "./x", "%2F", "ü/日本", "~tilde", "*'()!", "a?b#c", "a%zz"]:
        tried(lambda: s3.put_object(Bucket="models", Key=key, Body=b"x", Metadata={"note": " two  spaces "}))
        tried(lambda: s3.get_object(Bucket="models", Key=key, Range="bytes=0-1"))
        tried(lambda: s3.list_objects_v2(Bucket="models", Prefix=key, Delimiter="/", StartAfter=key))
        tried(lambda: s3.copy_object(Bucket="models", Key="to", CopySource={"Bucket": "models", "Key": key}))
        for version in ("s3v4", "s3"):
            signing = s3.meta.config.merge(Config(signature_version=version))
            presigner = session.client("s3", endpoint_url="http://127.0.0.1:8770", config=signing)
            extra = {"Bucket": "models", "Key": key}
            url = presigner.generate_presigned_url("get_object", {**extra, "ResponseContentType": "a b/c+d", "VersionId": "7"}, 60)
            show(version, "s3", "GET", url, [], b"")
            url = presigner.generate_presigned_url("put_object", extra, 3600)
            show(version, "s3", "PUT", url, [], b"x")
    runtime = client("sagemaker-runtime")
    for name in ["iris", "A-1"]:
        tried(lambda: runtime.invoke_endpoint(EndpointName=name, Body=b"5.1,3.5\n", ContentType="text/csv", TargetVariant="A"))
    tried(lambda: client("sagemaker").list_models(MaxResults=3))
    tried(lambda: client("lambda").invoke(FunctionName="arn:aws:lambda:eu-west-1:123456789012:function:f:1", Payload=b"{}"))
    tried(lambda: client("lambda").list_functions(Marker="a+b/c="))
    tried(lambda: client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"a": "ü+ &="}'))
    tried(lambda: client("sts").get_caller_identity())
    tried(lambda: client("logs").describe_log_groups(logGroupNamePrefix="/aws"))
    url = session.client("sts", endpoint_url="http://127.0.0.1:8770").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    show("client", "sts", "GET", url, [], b"")


for number in range(int(COUNT)):
    made_up(number)
sent_by_clients()
