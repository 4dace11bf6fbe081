"""A function of one account, invoked by a role of another. Prints `ok` when all of it holds."""

import io
import json
import zipfile

from accounts import NO_IDENTITY, NO_RESOURCE, OTHER, Role, allow, document, owner, refused, soon

functions = owner("lambda")
account = owner("sts").get_caller_identity()["Account"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("main.py", "def handler(event, context):\n    return {'got': event}\n")
arn = functions.create_function(
    FunctionName="shared",
    Runtime="python3.11",
    Handler="main.handler",
    Role=f"arn:aws:iam::{account}:role/SageMakerExecutionRole",
    Code={"ZipFile": code.getvalue()},
)["FunctionArn"]
role = Role("caller")
theirs = role.client("lambda")


def invoke(client=theirs, name=arn):
    answer = client.invoke(FunctionName=name, Payload=b'{"a": 1}')
    assert json.load(answer["Payload"]) == {"got": {"a": 1}}, answer


sentence = (
    f"User: arn:aws:sts::{OTHER}:assumed-role/caller/session is not authorized to perform: "
    f"lambda:InvokeFunction on resource: {arn}"
)
refused(invoke, [sentence, NO_IDENTITY])
role.give(allow(["lambda:InvokeFunction", "lambda:GetFunction"], arn))
refused(invoke, [sentence, NO_RESOURCE])
functions.add_permission(FunctionName="shared", StatementId="them", Principal=role.arn, Action="lambda:InvokeFunction")
soon(invoke)
refused(lambda: theirs.get_function(FunctionName=arn), ["lambda:GetFunction", NO_RESOURCE])
# Without its ARN the name means a function of the caller's own account.
refused(lambda: invoke(name="shared"), [f":{OTHER}:function:shared", NO_IDENTITY])
narrow = role.client("lambda", Policy=document(allow("s3:*")))
refused(lambda: invoke(narrow), ["because no session policy allows the lambda:InvokeFunction action"])
role.take()
refused(invoke, [sentence, NO_IDENTITY])
role.give(allow("lambda:*"))
soon(invoke)
functions.remove_permission(FunctionName="shared", StatementId="them")
refused(invoke, [sentence, NO_RESOURCE])
functions.add_permission(FunctionName="shared", StatementId="all", Principal=OTHER, Action="lambda:*")
soon(invoke)
soon(lambda: theirs.get_function(FunctionName=arn))
refused(lambda: theirs.update_function_configuration(FunctionName=arn, Timeout=9), [NO_RESOURCE])
print("ok")
