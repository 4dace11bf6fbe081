"""A version that one account registers in a group of another. The first owns image, model data and key, the other the
group, and nothing is registered that the group's owner may not read. Prints the rights that were taken away in turn."""

import json

from accounts import NO_RESOURCE, OTHER, document, other_root, owner, refused, soon

sagemaker, s3, ecr, kms = (owner(service) for service in ("sagemaker", "s3", "ecr", "kms"))
registry = other_root("sagemaker")
mine = owner("sts").get_caller_identity()["Account"]

GROUP = f"arn:aws:sagemaker:us-east-1:{OTHER}:model-package-group/shared"
VERSIONS = f"arn:aws:sagemaker:us-east-1:{OTHER}:model-package/shared/*"
REPOSITORY = f"arn:aws:ecr:us-east-1:{mine}:repository/iris"
BUCKET, OBJECT = "arn:aws:s3:::trained", "arn:aws:s3:::trained/iris/model.tar.gz"
IMAGE = f"{mine}.dkr.ecr.us-east-1.amazonaws.com/iris:1"

registry.create_model_package_group(ModelPackageGroupName="Shared")
ecr.create_repository(repositoryName="iris")
key = kms.create_key()["KeyMetadata"]["Arn"]
s3.create_bucket(Bucket="trained")
sealed = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
for name in ("iris/model.tar.gz", "parts/1", "parts/2"):
    s3.put_object(Bucket="trained", Key=name, Body=b"weights", **sealed)

RIGHTS = {
    "sagemaker:CreateModelPackage": VERSIONS,
    "ecr:BatchGetImage": REPOSITORY,
    "ecr:DescribeImages": REPOSITORY,
    "s3:GetBucketAcl": BUCKET,
    "s3:GetObject": OBJECT,
    "s3:GetObjectAcl": OBJECT,
    "kms:Decrypt": key,
}
grants = []


def to(account, actions, **resource):
    return {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": actions, **resource}


def give(without=None, *denied):
    """Everything that the other account needs but one right."""

    def of(service):
        return [action for action in RIGHTS if action.startswith(service) and action != without] or [f"{service}:List*"]

    group = to(mine, of("sagemaker"), Resource=VERSIONS)
    registry.put_model_package_group_policy(ModelPackageGroupName="Shared", ResourcePolicy=document(group))
    ecr.set_repository_policy(repositoryName="iris", policyText=document(to(OTHER, of("ecr"))))
    objects = [action for action in of("s3") if "Object" in action]
    buckets = [action for action in of("s3") if "Bucket" in action] or ["s3:ListBucket"]
    statements = [to(OTHER, objects, Resource=f"{BUCKET}/*"), to(OTHER, buckets, Resource=BUCKET), *denied]
    s3.put_bucket_policy(Bucket="trained", Policy=document(*statements))
    while grants:
        kms.revoke_grant(KeyId=key, GrantId=grants.pop())
    if without != "kms:Decrypt":
        made = kms.create_grant(KeyId=key, GranteePrincipal=f"arn:aws:iam::{OTHER}:root", Operations=["Decrypt"])
        grants.append(made["GrantId"])


def register(image=IMAGE, **data):
    container = {"Image": image, **(data or {"ModelDataUrl": "s3://trained/iris/model.tar.gz"})}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    return sagemaker.create_model_package(ModelPackageGroupName=GROUP, InferenceSpecification=specification)


def versions():
    pages = registry.get_paginator("list_model_packages").paginate(ModelPackageGroupName="Shared")
    return [one["ModelPackageVersion"] for page in pages for one in page["ModelPackageSummaryList"]]


give()
soon(register)
made = len(versions())
assert made > 0
for action, resource in RIGHTS.items():
    give(without=action)
    reader = mine if action.startswith("sagemaker") else OTHER
    sentence = f"User: arn:aws:iam::{reader}:root is not authorized to perform: {action} on resource: "
    why = [] if reader == mine else [f"The account {OTHER}, which owns the model package group", "slipway explain"]
    refused(register, [sentence, resource, f"{NO_RESOURCE} the {action} action", *why])
    # Until the change was heard of, a worker may have let it through; from then on nothing was made.
    made = len(versions())
    refused(register, [sentence])
    assert len(versions()) == made, action
    give()
    soon(register)

# A denial outweighs it all, and an update is no way round.
deny = {**to(OTHER, "s3:GetObject", Resource=OBJECT), "Effect": "Deny"}
give(None, deny)
refused(register, ["s3:GetObject", "with an explicit deny in a resource-based policy"])
RIGHTS["sagemaker:UpdateModelPackage"] = VERSIONS
give(None, deny)
version = f"arn:aws:sagemaker:us-east-1:{OTHER}:model-package/shared/1"
more = {"Name": "more", "Containers": [{"Image": IMAGE, "ModelDataUrl": "s3://trained/iris/model.tar.gz"}]}
update = lambda: sagemaker.update_model_package(ModelPackageArn=version, AdditionalInferenceSpecificationsToAdd=[more])
refused(update, ["s3:GetObject", "with an explicit deny in a resource-based policy"])
assert "AdditionalInferenceSpecifications" not in registry.describe_model_package(ModelPackageName=version)
give()
soon(lambda: registry.describe_model_package(ModelPackageName=version))

# Every object under a prefix counts. What is not there is no matter of rights, and refused all the same.
source = {"S3DataType": "S3Prefix", "CompressionType": "None", "S3Uri": "s3://trained/parts/"}
soon(lambda: register(ModelDataSource={"S3DataSource": source}))
give(None, {**to(OTHER, "s3:GetObjectAcl", Resource=f"{BUCKET}/parts/2"), "Effect": "Deny"})
refused(lambda: register(ModelDataSource={"S3DataSource": source}), ["s3:GetObjectAcl", f"{BUCKET}/parts/2"])
give()
refused(lambda: register(ModelDataUrl="s3://trained/nothing"), ["cannot read what the model package names"],
        ("ValidationException", "AccessDeniedException"))
refused(lambda: register(ModelDataUrl="s3://nowhere/nothing"), ["cannot read what the model package names"],
        ("ValidationException", "AccessDeniedException"))
# Nor are images that do not lie here, as those that AWS publishes.
soon(lambda: register(image="763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-inference:2.0"))
soon(lambda: register(image="registry.example.com/team/iris:1"))

made = registry.describe_model_package(ModelPackageName=version)
assert made["CreatedBy"]["IamIdentity"]["Arn"] == f"arn:aws:iam::{mine}:root", made["CreatedBy"]
print(json.dumps(sorted(RIGHTS)))
