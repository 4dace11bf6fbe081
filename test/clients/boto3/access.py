"""Keys, roles, sessions and refusals, as boto3 sees them. Prints `ok` when all of it holds."""

import json
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
WRONG = "wrong/wrong/wrong/wrong/wrong/wrong/wron"


def client(service, key=None, token=None, **config):
    if key is None:
        return boto3.client(service, config=Config(**config))
    return boto3.client(service, aws_access_key_id=key[0], aws_secret_access_key=key[1], aws_session_token=token,
                        config=Config(**config))


def refused(call, code, status):
    try:
        call()
    except ClientError as error:
        found = (error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"])
        assert found == (code, status), f"{found} instead of {(code, status)}"
        return error.response["Error"]
    raise AssertionError(f"not refused: {code}")


def eventually(check, seconds=5):
    deadline = time.monotonic() + seconds
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


iam, sts = client("iam"), client("sts")

# What the first start made.
assert sts.get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
role = iam.get_role(RoleName="SageMakerExecutionRole")["Role"]
assert role["Arn"] == f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole"
services = role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"]
assert services == ["sagemaker.amazonaws.com", "lambda.amazonaws.com"]
attached = iam.list_attached_role_policies(RoleName="SageMakerExecutionRole")["AttachedPolicies"]
assert [policy["PolicyName"] for policy in attached] == ["AmazonSageMakerFullAccess"]

# A user with a key of their own: right secret, wrong secret, unknown key, in each protocol.
iam.create_user(UserName="ann", Path="/team/")
made = iam.create_access_key(UserName="ann")["AccessKey"]
key = (made["AccessKeyId"], made["SecretAccessKey"])
assert client("sts", key).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/ann"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
eventually(lambda: refused(lambda: client("iam", key).get_user(), "AccessDenied", 403))
iam.create_group(GroupName="readers")
iam.attach_group_policy(GroupName="readers", PolicyArn=READ_ONLY)
iam.add_user_to_group(GroupName="readers", UserName="ann")
assert [user["UserName"] for user in iam.get_group(GroupName="readers")["Users"]] == ["ann"]


def ann_may_read():
    try:
        client("iam", key).get_user()
    except ClientError as error:
        raise AssertionError(error) from error


eventually(ann_may_read)
simulated = iam.simulate_principal_policy(PolicySourceArn=iam.get_user(UserName="ann")["User"]["Arn"],
                                          ActionNames=["s3:GetObject", "s3:PutObject"])
assert [result["EvalDecision"] for result in simulated["EvaluationResults"]] == ["allowed", "implicitDeny"]
assert simulated["EvaluationResults"][0]["MatchedStatements"][0]["SourcePolicyId"] == READ_ONLY
assert iam.get_account_summary()["SummaryMap"]["Groups"] == 1
refused(lambda: iam.delete_user(UserName="ann"), "DeleteConflict", 409)
assert iam.get_user(UserName="ann")["User"]["Arn"] == client("iam", key).get_user()["User"]["Arn"]
calls = [
    ("sagemaker", lambda c: c.list_models(), ("InvalidSignatureException", 400), ("UnrecognizedClientException", 400)),
    ("sagemaker-runtime", lambda c: c.invoke_endpoint(EndpointName="e", Body=b"x"),
     ("InvalidSignatureException", 403), ("UnrecognizedClientException", 403)),
    ("lambda", lambda c: c.list_functions(), ("InvalidSignatureException", 403), ("UnrecognizedClientException", 403)),
    ("logs", lambda c: c.describe_log_groups(), ("InvalidSignatureException", 400), ("UnrecognizedClientException", 400)),
    ("sts", lambda c: c.get_caller_identity(), ("SignatureDoesNotMatch", 403), ("InvalidClientTokenId", 403)),
    ("s3", lambda c: c.list_buckets(), ("SignatureDoesNotMatch", 403), ("InvalidAccessKeyId", 403)),
]
for service, call, mismatch, unknown in calls:
    refused(lambda: call(client(service, (key[0], WRONG))), *mismatch)
    refused(lambda: call(client(service, ("AKIAZZZZZZZZZZZZZZZZ", WRONG))), *unknown)

# A key that is switched off, and on again, and deleted.
iam.update_access_key(UserName="ann", AccessKeyId=key[0], Status="Inactive")
eventually(lambda: refused(lambda: client("sts", key).get_caller_identity(), "InvalidClientTokenId", 403))
iam.update_access_key(UserName="ann", AccessKeyId=key[0], Status="Active")
eventually(lambda: client("sts", key).get_caller_identity())

# Sessions of a role, in every protocol; tampered with; gone with the role.
trust = {"Version": "2012-10-17",
         "Statement": [{"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
iam.create_role(RoleName="Dev", AssumeRolePolicyDocument=json.dumps(trust))
iam.attach_role_policy(RoleName="Dev", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
assumed = sts.assume_role(RoleArn=f"arn:aws:iam::{ACCOUNT}:role/Dev", RoleSessionName="job", DurationSeconds=900)
session, token = assumed["Credentials"], assumed["Credentials"]["SessionToken"]
temporary = (session["AccessKeyId"], session["SecretAccessKey"])
who = client("sts", temporary, token).get_caller_identity()
assert who["Arn"] == assumed["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/Dev/job"
client("sagemaker", temporary, token).list_models()
client("s3", temporary, token).list_buckets()
client("lambda", temporary, token).list_functions()
for wrong in (token[:-4] + "AAAA", token[4:], "x"):
    refused(lambda: client("sts", temporary, wrong).get_caller_identity(), "InvalidClientTokenId", 403)
    refused(lambda: client("sagemaker", temporary, wrong).list_models(), "UnrecognizedClientException", 400)
    refused(lambda: client("s3", temporary, wrong).list_buckets(), "InvalidToken", 400)
refused(lambda: client("sts", temporary).get_caller_identity(), "InvalidClientTokenId", 403)
refused(lambda: sts.assume_role(RoleArn=role["Arn"], RoleSessionName="job"), "AccessDenied", 403)
refused(lambda: client("sts", temporary, token).get_session_token(), "AccessDenied", 403)
own = sts.get_session_token()["Credentials"]
own_identity = client("sts", (own["AccessKeyId"], own["SecretAccessKey"]), own["SessionToken"]).get_caller_identity()
assert own_identity["Arn"].endswith(":root")
refused(lambda: client("iam", (own["AccessKeyId"], own["SecretAccessKey"]), own["SessionToken"]).list_users(),
        "InvalidClientTokenId", 403)
assert sts.get_access_key_info(AccessKeyId=session["AccessKeyId"])["Account"] == ACCOUNT
iam.detach_role_policy(RoleName="Dev", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
iam.delete_role(RoleName="Dev")
eventually(lambda: refused(lambda: client("sts", temporary, token).get_caller_identity(), "InvalidClientTokenId", 403))

# Objects by presigned URLs of both versions, with either addressing, and nothing else by them.
s3 = client("s3")
s3.create_bucket(Bucket="presigned")
NAME = "a b+c/ü.txt"
s3.put_object(Bucket="presigned", Key=NAME, Body=b"hello")
for version in ("s3", "s3v4"):
    for style in ("path", "virtual"):
        base = client("s3").meta.endpoint_url.replace("127.0.0.1", "localhost")
        signer = boto3.client("s3", endpoint_url=base, config=Config(signature_version=version, s3={"addressing_style": style}))
        url = signer.generate_presigned_url("get_object", {"Bucket": "presigned", "Key": NAME}, 60)

        def fetch(changed, method="GET", headers={}):
            # Names below localhost need not resolve everywhere; the Host header says which bucket is meant.
            parts = urllib.parse.urlsplit(changed)
            plain = changed.replace(parts.netloc, f"127.0.0.1:{parts.port}", 1)
            request = urllib.request.Request(plain, method=method, headers={"Host": parts.netloc, **headers})
            return urllib.request.urlopen(request).read()

        assert fetch(url) == b"hello", (version, style)
        for changed, options in [
            (url.replace("%2Bc", "%2Bd"), {}),
            (url.replace("Expires=", "Expires=9"), {}),
            (url, {"method": "DELETE"}),
            (url, {"headers": {"x-amz-meta-more": "1"}}),
            (url + "&versionId=null", {}),
        ]:
            try:
                fetch(changed, **options)
            except urllib.error.HTTPError as error:
                assert error.code in (400, 403), error.code
            else:
                raise AssertionError(f"accepted: {version} {style} {changed} {options}")

# An unknown operation is refused by name.
refused(lambda: iam.get_access_key_last_used(AccessKeyId=key[0]), "NotImplemented", 501)
iam.delete_access_key(UserName="ann", AccessKeyId=key[0])
iam.remove_user_from_group(GroupName="readers", UserName="ann")
iam.delete_user(UserName="ann")
eventually(lambda: refused(lambda: client("sts", key).get_caller_identity(), "InvalidClientTokenId", 403))
print("ok")
