"""Buckets of one account, used by another and by nobody in particular: policies, public access, owners, ACLs, presigned
URLs. Prints `ok` when all of it holds."""

import json
import os
import urllib.error
import urllib.request

import boto3
from accounts import NO_IDENTITY, NO_RESOURCE, ONCE, OTHER, Role, allow, document, other_root, owner, refused, soon
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

ACCOUNT = "123456789012"
DENIED = ("AccessDenied",)
BUCKET, KEY = "shared-models", "models/m.tar.gz"
BUCKET_ARN, OBJECT_ARN = f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/{KEY}"

s3, theirs = owner("s3"), other_root("s3")
anonymous = boto3.client("s3", config=ONCE.merge(Config(signature_version=UNSIGNED)))


def put_policy(*statements, by=s3):
    by.put_bucket_policy(Bucket=BUCKET, Policy=document(*statements))


def status(call):
    try:
        return call()["ResponseMetadata"]["HTTPStatusCode"]
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]


def becomes(expected, call):
    def check():
        found = status(call)
        assert found == expected, (found, expected)

    soon(check)


def code(call):
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"


def fetch(url):
    try:
        return urllib.request.urlopen(url).read()
    except urllib.error.HTTPError as error:
        return error.code


s3.create_bucket(Bucket=BUCKET)
s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"weights", Tagging="SageMaker=true")
s3.put_object(Bucket=BUCKET, Key="private/p", Body=b"private")

# Names are one space for all accounts, and each account sees its own.
assert code(lambda: theirs.create_bucket(Bucket=BUCKET)) == "BucketAlreadyExists"
assert BUCKET not in [bucket["Name"] for bucket in theirs.list_buckets()["Buckets"]]

# Both sides must allow.
role = Role("deploy")
deploy = role.client("s3")
sentence = f'User: arn:aws:sts::{OTHER}:assumed-role/deploy/session is not authorized to perform: s3:GetObject on resource: "{OBJECT_ARN}"'


def read():
    assert deploy.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"weights"


opened = allow("s3:GetObject", f"{BUCKET_ARN}/models/*", Principal={"AWS": role.arn})
refused(read, [sentence, NO_IDENTITY], DENIED)
role.give(allow(["s3:GetObject", "s3:ListBucket"]))
refused(read, [sentence, NO_RESOURCE], DENIED)
put_policy(opened)
soon(read)
assert json.loads(s3.get_bucket_policy(Bucket=BUCKET)["Policy"])["Statement"] == [opened]
role.take()
refused(read, [sentence, NO_IDENTITY], DENIED)
role.give(allow(["s3:GetObject", "s3:ListBucket"]))
soon(read)
refused(lambda: deploy.get_object(Bucket=BUCKET, Key="private/p"), ["private/p", NO_RESOURCE], DENIED)

# Who may not list does not learn what is there; who may, does.
missing = {"Bucket": BUCKET, "Key": "models/gone"}
assert status(lambda: deploy.head_object(**missing)) == 403
refused(lambda: deploy.get_object(**missing), ["s3:ListBucket", f'"{BUCKET_ARN}"', NO_RESOURCE], DENIED)
put_policy(opened, allow("s3:ListBucket", BUCKET_ARN, Principal={"AWS": role.arn}, Condition={"StringLike": {"s3:prefix": "models/*"}}))
soon(lambda: deploy.list_objects_v2(Bucket=BUCKET, Prefix="models/"))
refused(lambda: deploy.list_objects_v2(Bucket=BUCKET), ["s3:ListBucket", NO_RESOURCE], DENIED)
put_policy(opened, allow("s3:ListBucket", BUCKET_ARN, Principal={"AWS": role.arn}))
becomes(404, lambda: deploy.head_object(**missing))
assert code(lambda: deploy.get_object(**missing)) == "NoSuchKey"
assert code(lambda: deploy.list_objects_v2(Bucket="no-such-bucket-at-all")) == "NoSuchBucket"

# The expected owner, also of a source.
for call in (
    lambda: deploy.get_object(Bucket=BUCKET, Key=KEY, ExpectedBucketOwner=OTHER),
    lambda: s3.get_bucket_policy(Bucket=BUCKET, ExpectedBucketOwner=OTHER),
    lambda: s3.put_object(Bucket=BUCKET, Key="x", Body=b"", ExpectedBucketOwner=OTHER),
):
    assert code(call) == "AccessDenied"
assert deploy.get_object(Bucket=BUCKET, Key=KEY, ExpectedBucketOwner=ACCOUNT)["ContentLength"] == 7
theirs.create_bucket(Bucket="their-copies")
role.give(allow(["s3:GetObject", "s3:ListBucket", "s3:PutObject"]))
source = {"Bucket": "their-copies", "Key": "copy", "CopySource": {"Bucket": BUCKET, "Key": KEY}, "TaggingDirective": "REPLACE"}
becomes(200, lambda: deploy.copy_object(**source, ExpectedSourceBucketOwner=ACCOUNT))
assert code(lambda: deploy.copy_object(**source, ExpectedSourceBucketOwner=OTHER)) == "AccessDenied"
refused(lambda: deploy.copy_object(**{**source, "TaggingDirective": "COPY"}), ["s3:GetObjectTagging"], DENIED)

# What another account writes belongs to the bucket's owner.
put_policy(opened, allow(["s3:PutObject", "s3:DeleteObject"], f"{BUCKET_ARN}/models/*", Principal={"AWS": OTHER}))
becomes(200, lambda: theirs.put_object(Bucket=BUCKET, Key="models/theirs", Body=b"x", ACL="bucket-owner-full-control"))
acl = s3.get_object_acl(Bucket=BUCKET, Key="models/theirs")
assert acl["Owner"] == s3.get_bucket_acl(Bucket=BUCKET)["Owner"] == s3.list_buckets()["Owner"], acl
assert acl["Grants"] == [{"Grantee": {"ID": acl["Owner"]["ID"], "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}], acl
assert theirs.list_buckets()["Owner"] != acl["Owner"]
refused(lambda: theirs.get_object(Bucket=BUCKET, Key="models/theirs"), ["s3:GetObject", NO_RESOURCE], DENIED)

# Of many keys, those that may be deleted are.
keys = [{"Key": key} for key in ("models/theirs", "private/p", "models/gone")]
answer = theirs.delete_objects(Bucket=BUCKET, Delete={"Objects": keys})
assert [one["Key"] for one in answer["Deleted"]] == ["models/theirs", "models/gone"], answer
[error] = answer["Errors"]
assert (error["Key"], error["Code"]) == ("private/p", "AccessDenied") and NO_RESOURCE in error["Message"], error

# The policy is the owner's own affair.
put_policy(allow("s3:*", BUCKET_ARN, Principal={"AWS": OTHER}))
becomes(405, lambda: theirs.get_bucket_policy(Bucket=BUCKET))
assert status(lambda: put_policy(opened, by=theirs) or {}) == 405
assert status(lambda: theirs.delete_bucket_policy(Bucket=BUCKET)) == 405

# Malformed ones are refused, and what was there stays.
before = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
for wrong, words in (
    ("{", "Policies must be valid JSON"),
    (document(allow("s3:GetObject", "arn:aws:s3:::other/*", Principal="*")), "Policy has invalid resource"),
    (document(allow("s3:ListBucket", f"{BUCKET_ARN}/*", Principal={"AWS": OTHER})), "Action does not apply to any resource(s) in statement"),
    (document(allow("s3:GetObject", f"{BUCKET_ARN}/*", Principal={"AWS": f"arn:aws:iam::{OTHER}:role/nobody"})), "Invalid principal in policy"),
    (" " * 21_000 + document(opened), "maximum allowed document size"),
):
    try:
        s3.put_bucket_policy(Bucket=BUCKET, Policy=wrong)
    except ClientError as found:
        assert found.response["Error"]["Code"] == "MalformedPolicy", found.response
        assert words in found.response["Error"]["Message"], found.response
    else:
        raise AssertionError(f"taken: {wrong[:80]}")
assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == before

# Public only after the owner has said so, and no longer when the owner says so.
everyone = allow("s3:GetObject", f"{BUCKET_ARN}/models/*", Principal="*")
block = s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]
assert block == dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True), block
refused(lambda: put_policy(everyone), ["public policies are prevented by the BlockPublicPolicy setting"], DENIED)
assert status(lambda: anonymous.get_object(Bucket=BUCKET, Key=KEY)) == 403
s3.delete_public_access_block(Bucket=BUCKET)
assert code(lambda: s3.get_public_access_block(Bucket=BUCKET)) == "NoSuchPublicAccessBlockConfiguration"
put_policy(everyone)
assert s3.get_bucket_policy_status(Bucket=BUCKET)["PolicyStatus"]["IsPublic"] is True
becomes(200, lambda: anonymous.get_object(Bucket=BUCKET, Key=KEY))
url = f"{os.environ['AWS_ENDPOINT_URL']}/{BUCKET}"
assert fetch(f"{url}/{KEY}") == b"weights" and fetch(f"{url}/private/p") == 403 and fetch(f"{url}?list-type=2") == 403
assert status(lambda: anonymous.get_object(Bucket="no-such-bucket-at-all", Key=KEY)) == 404
s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration={"RestrictPublicBuckets": True})
becomes(403, lambda: anonymous.get_object(Bucket=BUCKET, Key=KEY))
becomes(403, lambda: theirs.get_object(Bucket=BUCKET, Key=KEY))
s3.delete_public_access_block(Bucket=BUCKET)

# A presigned URL does what its signer may at the moment it is used, and policies see that it is one.
iam = owner("iam")
iam.create_user(UserName="signer")
made = iam.create_access_key(UserName="signer")["AccessKey"]
keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
signer = boto3.client("s3", config=ONCE.merge(Config(signature_version="s3v4")), **keys)
url = signer.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "private/p"}, 60)


def fetched(expected):
    def check():
        assert fetch(url) == expected, expected

    soon(check)


fetched(403)
private = allow("s3:GetObject", f"{BUCKET_ARN}/private/*", Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:user/signer"})
put_policy(private)
fetched(b"private")
only_headers = {"StringEquals": {"s3:authType": "REST-QUERY-STRING"}}
put_policy(private, {**private, "Effect": "Deny", "Principal": "*", "Condition": only_headers})
fetched(403)
becomes(200, lambda: signer.get_object(Bucket=BUCKET, Key="private/p"))

# Nobody is shut out for good: the root of the owner's account sees to the policy, whatever it says.
everything = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [BUCKET_ARN, f"{BUCKET_ARN}/*"]}
put_policy(everything)
becomes(403, lambda: s3.head_bucket(Bucket=BUCKET))
refused(lambda: s3.get_object(Bucket=BUCKET, Key=KEY), ["with an explicit deny in a resource-based policy"], DENIED)
s3.get_bucket_policy(Bucket=BUCKET)
s3.delete_bucket_policy(Bucket=BUCKET)
becomes(200, lambda: s3.head_bucket(Bucket=BUCKET))
assert code(lambda: s3.get_bucket_policy(Bucket=BUCKET)) == "NoSuchBucketPolicy"

# ACLs say that the owner owns, and take nothing else.
s3.put_bucket_acl(Bucket=BUCKET, ACL="private")
s3.put_object_acl(Bucket=BUCKET, Key=KEY, AccessControlPolicy={"Owner": acl["Owner"], "Grants": acl["Grants"]})
assert code(lambda: s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")) == "AccessControlListNotSupported"
assert code(lambda: s3.put_object_acl(Bucket=BUCKET, Key=KEY, GrantRead="id=1")) == "AccessControlListNotSupported"
[rule] = s3.get_bucket_ownership_controls(Bucket=BUCKET)["OwnershipControls"]["Rules"]
assert rule == {"ObjectOwnership": "BucketOwnerEnforced"}
s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls={"Rules": [rule]})
other = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
assert code(lambda: s3.put_bucket_ownership_controls(Bucket=BUCKET, OwnershipControls=other)) == "NotImplemented"

# A name that passes to another account is another bucket, on every worker.
put_policy(allow("s3:GetObject", f"{BUCKET_ARN}/*", Principal={"AWS": OTHER}))
becomes(200, lambda: theirs.get_object(Bucket=BUCKET, Key=KEY))
boto3.resource("s3").Bucket(BUCKET).objects.all().delete()
s3.delete_bucket(Bucket=BUCKET)
theirs.create_bucket(Bucket=BUCKET)
# The other worker may hear of it a moment later.
becomes(200, lambda: theirs.put_object(Bucket=BUCKET, Key=KEY, Body=b"theirs"))
for _ in range(20):
    found = code(lambda: s3.get_object(Bucket=BUCKET, Key=KEY))
    assert found in ("AccessDenied", "NoSuchBucket"), found
becomes(403, lambda: s3.get_object(Bucket=BUCKET, Key=KEY))
print("ok")
