"""Keys as boto3 sees them. `walk` uses every operation; `before` leaves a note for `after`, which a killed server reads."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

kms = boto3.client("kms", config=Config(retries={"max_attempts": 0}))
OTHER = "arn:aws:iam::222222222222:role/deploy"


def refused(call, code, message=None):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message is None or message in found["Message"], found
        return
    raise AssertionError(f"not refused: {code}")


def walk():
    key = kms.create_key(Description="models", Tags=[{"TagKey": "team", "TagValue": "ml"}])["KeyMetadata"]
    arn, key_id = key["Arn"], key["KeyId"]
    assert key["KeyState"] == "Enabled" and key["CreationDate"].year >= 2024
    kms.create_alias(AliasName="alias/models", TargetKeyId=key_id)
    alias_arn = arn.replace(f"key/{key_id}", "alias/models")
    for name in (arn, key_id, "alias/models", alias_arn):
        assert kms.describe_key(KeyId=name)["KeyMetadata"]["Arn"] == arn
    assert [one["AliasName"] for one in kms.list_aliases(KeyId=key_id)["Aliases"]] == ["alias/models"]
    pages = kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": 1})
    assert key_id in [one["KeyId"] for page in pages for one in page["Keys"]]

    context = {"bucket": "b", "ключ": "значение"}
    blob = kms.encrypt(KeyId="alias/models", Plaintext=b"\x00secret\xff", EncryptionContext=context)["CiphertextBlob"]
    opened = kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)
    assert opened["Plaintext"] == b"\x00secret\xff" and opened["KeyId"] == arn
    refused(lambda: kms.decrypt(CiphertextBlob=blob), "InvalidCiphertextException")
    refused(lambda: kms.decrypt(CiphertextBlob=blob[:-1] + bytes([blob[-1] ^ 1]), EncryptionContext=context),
            "InvalidCiphertextException")
    refused(lambda: kms.encrypt(KeyId=arn, Plaintext=b"x" * 4097), "ValidationException",
            "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: "
            "Member must have length less than or equal to 4096")
    refused(lambda: kms.describe_key(KeyId="nothing"), "NotFoundException", "Invalid keyId 'nothing'")
    refused(lambda: kms.generate_data_key(KeyId=arn), "ValidationException",
            "Please specify either number of bytes or key spec.")
    refused(lambda: kms.generate_random(NumberOfBytes=1025), "ValidationException", "less than or equal to 1024")
    refused(lambda: kms.create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY"), "NotImplemented", "RSA_2048")
    refused(lambda: kms.sign(KeyId=arn, Message=b"m", SigningAlgorithm="RSASSA_PSS_SHA_256"), "NotImplemented")

    data = kms.generate_data_key(KeyId=arn, KeySpec="AES_256", EncryptionContext=context)
    assert kms.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == data["Plaintext"]
    hidden = kms.generate_data_key_without_plaintext(KeyId=arn, NumberOfBytes=24)
    assert "Plaintext" not in hidden and len(kms.decrypt(CiphertextBlob=hidden["CiphertextBlob"])["Plaintext"]) == 24
    assert len(kms.generate_random(NumberOfBytes=32)["Plaintext"]) == 32

    second = kms.create_key()["KeyMetadata"]["Arn"]
    refused(lambda: kms.decrypt(CiphertextBlob=blob, EncryptionContext=context, KeyId=second), "IncorrectKeyException")
    moved = kms.re_encrypt(CiphertextBlob=blob, SourceEncryptionContext=context, DestinationKeyId=second)
    assert (moved["SourceKeyId"], moved["KeyId"]) == (arn, second)
    assert kms.decrypt(CiphertextBlob=moved["CiphertextBlob"])["Plaintext"] == b"\x00secret\xff"

    kms.enable_key_rotation(KeyId=key_id, RotationPeriodInDays=180)
    assert kms.get_key_rotation_status(KeyId=key_id)["RotationPeriodInDays"] == 180
    kms.rotate_key_on_demand(KeyId=key_id)
    assert [one["RotationType"] for one in kms.list_key_rotations(KeyId=key_id)["Rotations"]] == ["ON_DEMAND"]
    assert kms.decrypt(CiphertextBlob=blob, EncryptionContext=context)["Plaintext"] == b"\x00secret\xff"
    kms.disable_key_rotation(KeyId=key_id)

    policy = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy)
    assert kms.list_key_policies(KeyId=key_id)["PolicyNames"] == ["default"]
    locked = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "kms:*", "Resource": "*"}]})
    refused(lambda: kms.put_key_policy(KeyId=key_id, PolicyName="default", Policy=locked),
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.")

    kms.tag_resource(KeyId=key_id, Tags=[{"TagKey": "stage", "TagValue": ""}])
    kms.untag_resource(KeyId=key_id, TagKeys=["team"])
    assert kms.list_resource_tags(KeyId=key_id)["Tags"] == [{"TagKey": "stage", "TagValue": ""}]
    kms.update_key_description(KeyId=key_id, Description="other")
    kms.update_alias(AliasName="alias/models", TargetKeyId=second)
    assert kms.describe_key(KeyId="alias/models")["KeyMetadata"]["Arn"] == second
    kms.delete_alias(AliasName="alias/models")
    refused(lambda: kms.describe_key(KeyId="alias/models"), "NotFoundException", f"Alias {alias_arn} is not found.")

    made = kms.create_grant(KeyId=arn, GranteePrincipal=OTHER, Operations=["Decrypt", "GenerateDataKey"], Name="g",
                            Constraints={"EncryptionContextSubset": {"bucket": "b"}})
    again = kms.create_grant(KeyId=arn, GranteePrincipal=OTHER, Operations=["GenerateDataKey", "Decrypt"], Name="g",
                             Constraints={"EncryptionContextSubset": {"bucket": "b"}})
    assert made["GrantId"] == again["GrantId"] and made["GrantToken"] != again["GrantToken"]
    grants = kms.list_grants(KeyId=arn)["Grants"]
    assert [(one["GrantId"], one["GranteePrincipal"], one["KeyId"]) for one in grants] == [(made["GrantId"], OTHER, arn)]
    kms.revoke_grant(KeyId=arn, GrantId=made["GrantId"])
    root = arn.replace("kms:us-east-1", "iam:").replace(f"key/{key_id}", "root")
    mine = kms.create_grant(KeyId=arn, GranteePrincipal=OTHER, Operations=["Decrypt"], RetiringPrincipal=root)
    assert len(kms.list_retirable_grants(RetiringPrincipal=root)["Grants"]) == 1
    kms.retire_grant(GrantToken=mine["GrantToken"])
    assert kms.list_grants(KeyId=arn)["Grants"] == []

    kms.disable_key(KeyId=key_id)
    refused(lambda: kms.decrypt(CiphertextBlob=blob, EncryptionContext=context), "DisabledException", f"{arn} is disabled.")
    kms.enable_key(KeyId=key_id)
    scheduled = kms.schedule_key_deletion(KeyId=key_id, PendingWindowInDays=7)
    assert scheduled["KeyState"] == "PendingDeletion" and scheduled["KeyId"] == arn
    refused(lambda: kms.encrypt(KeyId=arn, Plaintext=b"x"), "KMSInvalidStateException", f"{arn} is pending deletion.")
    assert kms.cancel_key_deletion(KeyId=key_id)["KeyId"] == arn
    managed = kms.describe_key(KeyId="alias/aws/s3")["KeyMetadata"]
    assert managed["KeyManager"] == "AWS"
    refused(lambda: kms.encrypt(KeyId="alias/aws/s3", Plaintext=b"x"), "AccessDeniedException")


def before():
    """Makes what must outlive the server, and prints it."""
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/kept", TargetKeyId=key)
    old = kms.encrypt(KeyId=key, Plaintext=b"old", EncryptionContext={"a": "1"})["CiphertextBlob"]
    kms.rotate_key_on_demand(KeyId=key)
    new = kms.encrypt(KeyId=key, Plaintext=b"new", EncryptionContext={"a": "1"})["CiphertextBlob"]
    grant = kms.create_grant(KeyId=key, GranteePrincipal=OTHER, Operations=["Decrypt"])
    doomed = kms.create_key()["KeyMetadata"]["Arn"]
    kms.schedule_key_deletion(KeyId=doomed, PendingWindowInDays=7)
    print(json.dumps({"key": key, "blobs": [old.hex(), new.hex()], "grant": grant, "doomed": doomed}, default=str))


def after(note):
    assert kms.describe_key(KeyId="alias/kept")["KeyMetadata"]["Arn"] == note["key"]
    for blob, text in zip(note["blobs"], (b"old", b"new"), strict=True):
        opened = kms.decrypt(CiphertextBlob=bytes.fromhex(blob), EncryptionContext={"a": "1"})
        assert (opened["Plaintext"], opened["KeyId"]) == (text, note["key"])
    assert [one["GrantId"] for one in kms.list_grants(KeyId=note["key"])["Grants"]] == [note["grant"]["GrantId"]]
    kms.retire_grant(GrantToken=note["grant"]["GrantToken"])
    assert kms.describe_key(KeyId=note["doomed"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


if sys.argv[1] == "walk":
    walk()
    print("ok")
elif sys.argv[1] == "before":
    before()
else:
    after(json.loads(sys.argv[2]))
    print("ok")
