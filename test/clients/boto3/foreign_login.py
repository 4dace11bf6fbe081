"""Makes the role of the other account that is named first, with the actions named after it, and prints its registry login."""

import base64
import json
import sys

from accounts import Role, allow

role = Role(sys.argv[1])
role.give(allow(["ecr:GetAuthorizationToken", *sys.argv[2:]]))
token = role.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
username, _, password = base64.b64decode(token).decode().partition(":")
print(json.dumps({"arn": role.arn, "username": username, "password": password}))
