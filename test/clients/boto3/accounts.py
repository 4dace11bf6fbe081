"""Two accounts: the one of the environment, which owns things, and another, of which a role wants to use them."""

import json
import os
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

OTHER = os.environ["OTHER_ACCOUNT"]
ONCE = Config(retries={"max_attempts": 0})


def owner(service):
    return boto3.client(service, config=ONCE)


def other_root(service):
    return boto3.client(
        service,
        aws_access_key_id=os.environ["OTHER_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["OTHER_SECRET_ACCESS_KEY"],
        config=ONCE,
    )


def allow(actions, resource="*", **more):
    return {"Effect": "Allow", "Action": actions, "Resource": resource, **more}


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


class Role:
    """A role of the other account, which its root assumes."""

    def __init__(self, name):
        self.name = name
        self.iam = other_root("iam")
        trust = document({"Effect": "Allow", "Principal": {"AWS": OTHER}, "Action": "sts:AssumeRole"})
        self.arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]

    def give(self, *statements):
        self.iam.put_role_policy(RoleName=self.name, PolicyName="own", PolicyDocument=document(*statements))

    def take(self):
        self.iam.delete_role_policy(RoleName=self.name, PolicyName="own")

    def client(self, service, **limits):
        made = other_root("sts").assume_role(RoleArn=self.arn, RoleSessionName="session", **limits)["Credentials"]
        return boto3.client(
            service,
            aws_access_key_id=made["AccessKeyId"],
            aws_secret_access_key=made["SecretAccessKey"],
            aws_session_token=made["SessionToken"],
            config=ONCE,
        )


def soon(check):
    """A change acts on every worker within a second; what holds thrice in a row holds on all of them."""
    deadline = time.monotonic() + 10
    held = 0
    while True:
        try:
            check()
            held += 1
            if held == 3:
                return
        except (AssertionError, ClientError):
            held = 0
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def refused(call, words, codes=("AccessDeniedException",)):
    """Holds when a call is refused in these words, all of them."""

    def check():
        try:
            call()
        except ClientError as error:
            found = error.response["Error"]
            assert found["Code"] in codes, found
            for word in words:
                assert word in found["Message"], found
            return
        raise AssertionError(f"not refused: {words}")

    soon(check)


NO_IDENTITY = "because no identity-based policy allows"
NO_RESOURCE = "because no resource-based policy allows"
