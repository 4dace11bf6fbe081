"""The Lambda function that SageMaker calls whenever it pulls from the private registry."""

import os


def handler(event, context):
    return {
        "Credentials": {
            "Username": os.environ["REGISTRY_USERNAME"],
            "Password": os.environ["REGISTRY_PASSWORD"],
        }
    }
