"""A key of one account, used by a role of another: by key policy, and by grant. Prints `ok` when all of it holds."""

from accounts import NO_IDENTITY, NO_RESOURCE, OTHER, Role, allow, document, owner, refused, soon

kms = owner("kms")
arn = kms.create_key(Description="models")["KeyMetadata"]["Arn"]
default = kms.get_key_policy(KeyId=arn)["Policy"]
blob = kms.encrypt(KeyId=arn, Plaintext=b"weights", EncryptionContext={"model": "churn"})["CiphertextBlob"]
role = Role("deploy")
theirs = role.client("kms")


def read():
    found = theirs.decrypt(CiphertextBlob=blob, EncryptionContext={"model": "churn"})
    assert found["Plaintext"] == b"weights" and found["KeyId"] == arn


sentence = f"User: arn:aws:sts::{OTHER}:assumed-role/deploy/session is not authorized to perform: kms:Decrypt on resource: {arn}"
refused(read, [sentence, NO_IDENTITY])

# Both sides must let: the role's own policy is not enough, nor is the key's.
role.give(allow("kms:Decrypt", arn))
refused(read, [sentence, NO_RESOURCE])
opened = default.replace('"Statement": [', '"Statement": [{"Effect": "Allow", "Principal": {"AWS": "%s"}, "Action": "kms:Decrypt", "Resource": "*"},' % OTHER)
kms.put_key_policy(KeyId=arn, Policy=opened)
soon(read)
role.take()
refused(read, [sentence, NO_IDENTITY])
role.give(allow("kms:Decrypt", arn))
soon(read)
kms.put_key_policy(KeyId=arn, Policy=default)
refused(read, [sentence, NO_RESOURCE])
role.take()

# A grant is enough by itself, in its context, until it is taken back.
grant = kms.create_grant(
    KeyId=arn,
    GranteePrincipal=role.arn,
    Operations=["Decrypt", "DescribeKey"],
    Constraints={"EncryptionContextSubset": {"model": "churn"}},
)
soon(read)
assert theirs.describe_key(KeyId=arn)["KeyMetadata"]["Arn"] == arn
refused(lambda: theirs.encrypt(KeyId=arn, Plaintext=b"x"), ["kms:Encrypt"])
refused(lambda: theirs.disable_key(KeyId=arn), ["kms:DisableKey"])
narrow = role.client("kms", Policy=document(allow("s3:*")))
refused(
    lambda: narrow.decrypt(CiphertextBlob=blob, EncryptionContext={"model": "churn"}),
    ["because no session policy allows the kms:Decrypt action"],
)
kms.revoke_grant(KeyId=arn, GrantId=grant["GrantId"])
refused(read, [sentence])
# An explicit deny goes before a grant.
kms.create_grant(KeyId=arn, GranteePrincipal=role.arn, Operations=["Decrypt"])
soon(read)
role.give({"Effect": "Deny", "Action": "kms:Decrypt", "Resource": "*"})
refused(read, ["with an explicit deny in an identity-based policy"])
print("ok")
