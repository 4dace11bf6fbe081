"""Why a request was refused, by way of STS, as boto3 sees it. Prints `ok` when all of it holds."""

import json

import boto3
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
HEADER = "x-slipway-encoded-authorization-message"


def client(service, key=None):
    named = {} if key is None else {"aws_access_key_id": key[0], "aws_secret_access_key": key[1]}
    return boto3.client(service, **named)


def refused(call, code):
    try:
        call()
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response
    raise AssertionError(f"not refused: {code}")


def decode(sts, message):
    return json.loads(sts.decode_authorization_message(EncodedMessage=message)["DecodedMessage"])


def user(name, *statements):
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="Only", PolicyDocument=document)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


iam, sts, s3 = client("iam"), client("sts"), client("s3")
s3.create_bucket(Bucket="plans")
eve = user(
    "eve",
    {"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"},
    {"Sid": "NotThese", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::plans/*",
     "Condition": {"StringNotEquals": {"aws:PrincipalTag/team": "builders"}}},
)

# What is denied, and by which statement.
answer = refused(lambda: client("s3", eve).delete_object(Bucket="plans", Key="house"), "AccessDenied")
metadata = answer["ResponseMetadata"]
for message in (metadata["HTTPHeaders"][HEADER], metadata["RequestId"]):
    decoded = decode(sts, message)
    assert decoded["allowed"] is False and decoded["explicitDeny"] is True, decoded
    found = {item["statementId"]: item for item in decoded["matchedStatements"]["items"]}
    assert found["NotThese"]["effect"] == "DENY"
    assert found["NotThese"]["actions"] == {"items": [{"value": "s3:DeleteObject"}]}
    assert found["NotThese"]["conditions"]["items"][0]["key"] == "aws:PrincipalTag/team"
    assert decoded["failures"] == {"items": []}
    context = decoded["context"]
    assert context["principal"]["arn"] == f"arn:aws:iam::{ACCOUNT}:user/eve"
    assert context["principal"]["name"] == "eve" and context["principal"]["id"].startswith("AIDA")
    assert (context["action"], context["resource"]) == ("s3:DeleteObject", "arn:aws:s3:::plans/house")
    conditions = {item["key"]: item["values"]["items"][0]["value"] for item in context["conditions"]["items"]}
    assert conditions["aws:SourceIp"] == "127.0.0.1"
    assert decoded["considered"]["obstacle"] == "denied"
    # Eve may ask too: her policy allows it.
    assert decode(client("sts", eve), message)["context"] == context

# What is not allowed. Each protocol carries the message.
joe = user("joe", {"Effect": "Allow", "Action": "s3:List*", "Resource": "*"})
calls = {
    "sagemaker": lambda: client("sagemaker", joe).describe_model(ModelName="none"),
    "kms": lambda: client("kms", joe).list_keys(),
    "lambda": lambda: client("lambda", joe).list_functions(),
    "iam": lambda: client("iam", joe).list_users(),
    "sagemaker-runtime": lambda: client("sagemaker-runtime", joe).invoke_endpoint(EndpointName="none", Body=b"x"),
}
for service, call in calls.items():
    code = "AccessDenied" if service == "iam" else "AccessDeniedException"
    response = refused(call, code)
    decoded = decode(sts, response["ResponseMetadata"]["HTTPHeaders"][HEADER])
    assert decoded["explicitDeny"] is False, decoded
    remedy = decoded["considered"]["remedies"][0]
    assert remedy["policy"] == "a policy of user joe", remedy
    assert remedy["statement"]["Action"].startswith(service.replace("-runtime", "") + ":"), remedy

refused(lambda: decode(client("sts", joe), metadata["RequestId"]), "AccessDenied")
for wrong in ("x", "A" * 10_240, metadata["HTTPHeaders"][HEADER][:-1], "0b8f8a4e-6f0a-4c0e-9d57-1f6c1a2b3c4d"):
    refused(lambda: sts.decode_authorization_message(EncodedMessage=wrong), "InvalidAuthorizationMessageException")
print("ok")
