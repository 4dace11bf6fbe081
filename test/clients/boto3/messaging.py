"""Queues and topics as boto3 sees them, and queues in the query protocol that older clients speak."""

import datetime
import hashlib
import io
import json
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zipfile
import xml.etree.ElementTree as ElementTree

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 0})
sqs = boto3.client("sqs", config=CONFIG)
sns = boto3.client("sns", config=CONFIG)
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
REGION = sqs.meta.region_name
NAMESPACE = "{http://queue.amazonaws.com/doc/2012-11-05/}"


def refused(call, code, message=None):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message is None or message in found["Message"], found
        return error
    raise AssertionError(f"not refused: {code}")


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def arn_of(url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(url, **more):
    return sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10, **more).get("Messages", [])


def queues():
    queue = name("jobs")
    url = sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "2"}, tags={"team": "ml"})["QueueUrl"]
    assert url.endswith(f"/{ACCOUNT}/{queue}"), url
    assert sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "2"})["QueueUrl"] == url
    assert sqs.create_queue(QueueName=queue)["QueueUrl"] == url
    error = refused(lambda: sqs.create_queue(QueueName=queue, Attributes={"VisibilityTimeout": "3"}), "QueueAlreadyExists")
    assert isinstance(error, sqs.exceptions.QueueNameExists), type(error)
    assert sqs.get_queue_url(QueueName=queue)["QueueUrl"] == url
    assert url in sqs.list_queues(QueueNamePrefix=queue)["QueueUrls"]
    error = refused(lambda: sqs.get_queue_url(QueueName=queue + "x"), "AWS.SimpleQueueService.NonExistentQueue",
                    "The specified queue does not exist")
    assert isinstance(error, sqs.exceptions.QueueDoesNotExist), type(error)
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"team": "ml"}
    sqs.tag_queue(QueueUrl=url, Tags={"a": "b"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "b"}

    attributes = {
        "kind": {"DataType": "String", "StringValue": "späť"},
        "size": {"DataType": "Number.int", "StringValue": "12"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    # botocore itself compares the digests of what it has sent and what it receives.
    sent = sqs.send_message(QueueUrl=url, MessageBody="körper <&>", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == hashlib.md5("körper <&>".encode()).hexdigest()
    (message,) = receive(url, MessageAttributeNames=["All"], AttributeNames=["All"], MaxNumberOfMessages=10)
    assert message["Body"] == "körper <&>" and message["MessageId"] == sent["MessageId"], message
    assert message["MessageAttributes"] == attributes, message
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1", message["Attributes"]
    assert abs(int(message["Attributes"]["SentTimestamp"]) / 1000 - time.time()) < 60

    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert counts["ApproximateNumberOfMessagesNotVisible"] == "1" and counts["ApproximateNumberOfMessages"] == "0", counts
    started = time.time()
    (again,) = receive(url, AttributeNames=["ApproximateReceiveCount"])
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"} and 0.5 < time.time() - started < 4
    # The first receive's handle is good for nothing any more.
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"], VisibilityTimeout=0)
    (last,) = receive(url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=last["ReceiptHandle"])
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    refused(lambda: sqs.delete_message(QueueUrl=url, ReceiptHandle="x"), "ReceiptHandleIsInvalid")

    entries = [{"Id": str(at), "MessageBody": f"m{at}"} for at in range(10)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=[*entries[:9], {"Id": "9", "MessageBody": "bad \x01"}])
    assert len(answer["Successful"]) == 9 and answer["Failed"][0]["Code"] == "InvalidMessageContents", answer
    got = []
    while len(got) < 9:
        got += receive(url, MaxNumberOfMessages=10, VisibilityTimeout=60)
    assert sorted(one["Body"] for one in got) == [f"m{at}" for at in range(9)]
    answer = sqs.change_message_visibility_batch(QueueUrl=url, Entries=[
        {"Id": "a", "ReceiptHandle": got[0]["ReceiptHandle"], "VisibilityTimeout": 100},
        {"Id": "b", "ReceiptHandle": "nonsense", "VisibilityTimeout": 1}])
    assert [one["Id"] for one in answer["Successful"]] == ["a"] and answer["Failed"][0]["Id"] == "b", answer
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(at), "ReceiptHandle": one["ReceiptHandle"]} for at, one in enumerate(got)])
    assert len(answer["Successful"]) == 9 and not answer.get("Failed"), answer
    refused(lambda: sqs.send_message_batch(QueueUrl=url, Entries=[]), "AWS.SimpleQueueService.EmptyBatchRequest")

    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
    started = time.time()
    assert receive(url)[0]["Body"] == "later" and time.time() - started > 0.5
    sqs.purge_queue(QueueUrl=url)
    refused(lambda: sqs.purge_queue(QueueUrl=url), "AWS.SimpleQueueService.PurgeQueueInProgress")
    sqs.send_message(QueueUrl=url, MessageBody="after the purge")
    assert receive(url)[0]["Body"] == "after the purge"

    dead = sqs.create_queue(QueueName=name("dead"))["QueueUrl"]
    policy = {"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": "1"}
    source = sqs.create_queue(QueueName=name("source"), Attributes={"VisibilityTimeout": "0",
                              "RedrivePolicy": json.dumps(policy)})["QueueUrl"]
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [source]
    sqs.send_message(QueueUrl=source, MessageBody="poison")
    assert receive(source)[0]["Body"] == "poison"
    assert "Messages" not in sqs.receive_message(QueueUrl=source)
    (letter,) = receive(dead, AttributeNames=["All"])
    assert letter["Body"] == "poison" and letter["Attributes"]["DeadLetterQueueSourceArn"] == arn_of(source), letter

    refused(lambda: sqs.create_queue(QueueName="a.fifo", Attributes={"FifoQueue": "true"}), "NotImplemented", "FIFO")
    refused(lambda: sqs.create_queue(QueueName="a b"), "InvalidParameterValue")
    refused(lambda: sqs.create_queue(QueueName=name("x"), Attributes={"DelaySeconds": "901"}), "InvalidAttributeValue")
    refused(lambda: sqs.create_queue(QueueName=name("x"), Attributes={"Colour": "red"}), "InvalidAttributeName")
    refused(lambda: sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=11), "InvalidParameterValue")
    refused(lambda: sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_577), "InvalidParameterValue", "1048576")
    sqs.delete_queue(QueueUrl=url)
    refused(lambda: sqs.send_message(QueueUrl=url, MessageBody="x"), "AWS.SimpleQueueService.NonExistentQueue")


def query(path, **parameters):
    """A request of the query protocol, signed. Returns the answer's root."""
    body = urllib.parse.urlencode({"Version": "2012-11-05", **parameters})
    base = sqs.meta.endpoint_url
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", base + path, headers=headers, data=body)
    SigV4Auth(boto3.Session().get_credentials(), "sqs", REGION).add_auth(request)
    sent = urllib.request.Request(base + path, data=body.encode(), headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent) as answer:
            return ElementTree.fromstring(answer.read())
    except urllib.error.HTTPError as error:
        return ElementTree.fromstring(error.read())


def text(root, path):
    found = root.find("/".join(NAMESPACE + step for step in path.split("/")))
    return None if found is None else found.text


def old():
    made = query("/", Action="CreateQueue", QueueName=name("old"), **{
        "Attribute.1.Name": "VisibilityTimeout", "Attribute.1.Value": "7", "Tag.1.Key": "k", "Tag.1.Value": "v"})
    url = text(made, "CreateQueueResult/QueueUrl")
    path = urllib.parse.urlparse(url).path
    assert text(made, "ResponseMetadata/RequestId"), made
    sent = query(path, Action="SendMessage", MessageBody="a <b>", **{
        "MessageAttribute.1.Name": "n", "MessageAttribute.1.Value.DataType": "String",
        "MessageAttribute.1.Value.StringValue": "s"})
    assert text(sent, "SendMessageResult/MD5OfMessageBody") == hashlib.md5(b"a <b>").hexdigest()
    got = query(path, Action="ReceiveMessage", WaitTimeSeconds="5", **{
        "AttributeName.1": "All", "MessageAttributeName.1": "n"})
    message = "ReceiveMessageResult/Message/"
    assert text(got, message + "Body") == "a <b>"
    assert text(got, message + "MessageAttribute/Name") == "n", ElementTree.tostring(got)
    assert text(got, message + "MessageAttribute/Value/StringValue") == "s"
    assert text(got, message + "Attribute/Name"), ElementTree.tostring(got)
    handle = text(got, message + "ReceiptHandle")
    gone = query("/", Action="DeleteMessageBatch", QueueUrl=url, **{
        "DeleteMessageBatchRequestEntry.1.Id": "x", "DeleteMessageBatchRequestEntry.1.ReceiptHandle": handle})
    assert text(gone, "DeleteMessageBatchResult/DeleteMessageBatchResultEntry/Id") == "x", ElementTree.tostring(gone)
    told = query(path, Action="GetQueueAttributes", **{"AttributeName.1": "VisibilityTimeout"})
    assert text(told, "GetQueueAttributesResult/Attribute/Value") == "7", ElementTree.tostring(told)
    listed = query("/", Action="ListQueues", QueueNamePrefix="old-")
    assert url in [one.text for one in listed.iter(NAMESPACE + "QueueUrl")]
    missing = query(path + "x", Action="SendMessage", MessageBody="a")
    assert text(missing, "Error/Code") == "AWS.SimpleQueueService.NonExistentQueue", ElementTree.tostring(missing)
    assert text(query(path, Action="SendMessage"), "Error/Code") == "MissingParameter"
    assert query(path, Action="DeleteQueue").tag == NAMESPACE + "DeleteQueueResponse"


def allow(queue_url, topic):
    """Lets SNS put messages of a topic into the queue."""
    statement = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                 "Resource": arn_of(queue_url), "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue_url, Attributes={"Policy": policy})


def topics():
    topic = sns.create_topic(Name=name("results"), Tags=[{"Key": "team", "Value": "ml"}])["TopicArn"]
    assert sns.create_topic(Name=topic.rsplit(":", 1)[1])["TopicArn"] == topic
    assert topic in [one["TopicArn"] for page in sns.get_paginator("list_topics").paginate() for one in page["Topics"]]
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "team", "Value": "ml"}]
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "a", "Value": "b"}])
    sns.untag_resource(ResourceArn=topic, TagKeys=["team"])
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "a", "Value": "b"}]
    sns.set_topic_attributes(TopicArn=topic, AttributeName="DisplayName", AttributeValue="Results")
    told = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert told["DisplayName"] == "Results" and told["Owner"] == ACCOUNT, told
    assert json.loads(told["Policy"])["Statement"][0]["Sid"] == "__default_statement_ID", told

    wrapped, raw, few = (sqs.create_queue(QueueName=name("inbox"))["QueueUrl"] for _ in range(3))
    for url in (wrapped, raw, few):
        allow(url, topic)
    first = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(wrapped))["SubscriptionArn"]
    assert first.startswith(topic + ":"), first
    assert sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(wrapped))["SubscriptionArn"] == first
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(raw), Attributes={"RawMessageDelivery": "true"})
    filtered = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(few),
                             Attributes={"FilterPolicy": json.dumps({"event": [{"prefix": "fail"}]})})["SubscriptionArn"]
    listed = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert {one["Endpoint"] for one in listed} == {arn_of(one) for one in (wrapped, raw, few)}, listed
    assert first in [one["SubscriptionArn"] for one in sns.list_subscriptions()["Subscriptions"]]

    attributes = {"event": {"DataType": "String", "StringValue": "done"}, "n": {"DataType": "Number", "StringValue": "1"}}
    sent = sns.publish(TopicArn=topic, Message='{"a":1}', Subject="Done", MessageAttributes=attributes)["MessageId"]
    (message,) = receive(wrapped)
    body = json.loads(message["Body"])
    assert body["Type"] == "Notification" and body["MessageId"] == sent and body["TopicArn"] == topic, body
    assert body["Message"] == '{"a":1}' and body["Subject"] == "Done" and body["SignatureVersion"] == "1", body
    assert body["MessageAttributes"]["event"] == {"Type": "String", "Value": "done"}, body
    assert body["UnsubscribeURL"].endswith("SubscriptionArn=" + urllib.parse.quote(first, safe="")), body
    datetime.datetime.strptime(body["Timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ")
    (message,) = receive(raw, MessageAttributeNames=["All"])
    assert message["Body"] == '{"a":1}' and message["MessageAttributes"] == attributes, message
    assert "Messages" not in sqs.receive_message(QueueUrl=few)

    answer = sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[
        {"Id": "a", "Message": "one", "MessageAttributes": {"event": {"DataType": "String", "StringValue": "failed"}}},
        {"Id": "b", "Message": "two"}, {"Id": "c", "Message": "", }])
    assert [one["Id"] for one in answer["Successful"]] == ["a", "b"] and answer["Failed"][0]["Id"] == "c", answer
    assert json.loads(receive(few)[0]["Body"])["Message"] == "one"
    sns.set_subscription_attributes(SubscriptionArn=filtered, AttributeName="FilterPolicyScope",
                                    AttributeValue="MessageBody")
    sns.set_subscription_attributes(SubscriptionArn=filtered, AttributeName="FilterPolicy",
                                    AttributeValue=json.dumps({"state": {"code": [{"numeric": [">=", 500]}]}}))
    sns.publish(TopicArn=topic, Message=json.dumps({"state": {"code": 404}}))
    sns.publish(TopicArn=topic, Message=json.dumps({"default": "all", "sqs": '{"state": {"code": 503}}'}),
                MessageStructure="json")
    told = sns.get_subscription_attributes(SubscriptionArn=filtered)["Attributes"]
    assert told["FilterPolicyScope"] == "MessageBody" and told["ConfirmationWasAuthenticated"] == "true", told

    refused(lambda: sns.publish(TopicArn=topic + "x", Message="m"), "NotFound")
    refused(lambda: sns.publish(TopicArn=topic, Message="x" * 262_145), "InvalidParameter", "too long")
    refused(lambda: sns.publish(TopicArn=topic, Message="m", Subject="a\nb"), "InvalidParameter", "Subject")
    refused(lambda: sns.publish(PhoneNumber="+1", Message="m"), "NotImplemented")
    refused(lambda: sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@b"), "NotImplemented", "email")
    refused(lambda: sns.create_topic(Name="a.fifo", Attributes={"FifoTopic": "true"}), "NotImplemented", "FIFO")
    refused(lambda: sns.subscribe(TopicArn=topic, Protocol="http", Endpoint="http://169.254.169.254/x"),
            "InvalidParameter")
    sns.add_permission(TopicArn=topic, Label="other", AWSAccountId=["222222222222"], ActionName=["Publish"])
    sns.remove_permission(TopicArn=topic, Label="other")
    sns.unsubscribe(SubscriptionArn=first)
    refused(lambda: sns.get_subscription_attributes(SubscriptionArn=first), "NotFound")
    sns.delete_topic(TopicArn=topic)
    refused(lambda: sns.publish(TopicArn=topic, Message="m"), "NotFound")


def functions():
    lambdas, logs = boto3.client("lambda", config=CONFIG), boto3.client("logs")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "import json\ndef handler(event, context):\n    print('got', json.dumps(event))\n")
    function = lambdas.create_function(FunctionName=name("listener"), Runtime="python3.12", Handler="app.handler",
                                       Role=f"arn:aws:iam::{ACCOUNT}:role/SageMakerExecutionRole",
                                       Code={"ZipFile": code.getvalue()})["FunctionArn"]
    topic = sns.create_topic(Name=name("events"))["TopicArn"]
    dead = sqs.create_queue(QueueName=name("dead"))["QueueUrl"]
    allow(dead, topic)
    redrive = json.dumps({"deadLetterTargetArn": arn_of(dead)})
    arn = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=function,
                        Attributes={"RedrivePolicy": redrive})["SubscriptionArn"]
    # The function's policy does not let SNS in yet.
    sns.publish(TopicArn=topic, Message="too early")
    (letter,) = receive(dead, MessageAttributeNames=["All"])
    assert "too early" in letter["Body"] and letter["MessageAttributes"]["ErrorCode"]["StringValue"] == \
        "AccessDeniedException", letter
    lambdas.add_permission(FunctionName=function, StatementId="sns", Action="lambda:InvokeFunction",
                           Principal="sns.amazonaws.com", SourceArn=topic)
    sent = sns.publish(TopicArn=topic, Message="hello", Subject="S")["MessageId"]
    group = "/aws/lambda/" + function.rsplit(":", 1)[1]
    for _ in range(200):
        try:
            lines = [one["message"] for one in logs.filter_log_events(logGroupName=group)["events"]]
        except logs.exceptions.ResourceNotFoundException:
            lines = []
        found = [line for line in lines if line.startswith("got ")]
        if found:
            break
        time.sleep(0.1)
    (record,) = json.loads(found[0][4:])["Records"]
    assert record["EventSource"] == "aws:sns" and record["EventSubscriptionArn"] == arn, record
    assert record["Sns"]["MessageId"] == sent and record["Sns"]["Message"] == "hello", record


def alarms():
    cloudwatch = boto3.client("cloudwatch", config=CONFIG)
    topic = sns.create_topic(Name=name("alarms"))["TopicArn"]
    url = sqs.create_queue(QueueName=name("pager"))["QueueUrl"]
    allow(url, topic)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn_of(url))
    cloudwatch.put_metric_alarm(AlarmName="slow", Namespace="app", MetricName="latency", Statistic="Average", Period=60,
                                EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                                AlarmActions=[topic])
    cloudwatch.set_alarm_state(AlarmName="slow", StateValue="ALARM", StateReason="a test")
    (message,) = receive(url)
    body = json.loads(message["Body"])
    told = json.loads(body["Message"])
    assert body["Subject"].startswith('ALARM: "slow" in '), body
    assert told["NewStateValue"] == "ALARM" and told["NewStateReason"] == "a test", told
    assert told["Trigger"]["MetricName"] == "latency", told
    items = cloudwatch.describe_alarm_history(AlarmName="slow", HistoryItemType="Action")["AlarmHistoryItems"]
    assert items[0]["HistorySummary"] == f"Successfully executed action {topic}", items


for step in sys.argv[1:]:
    {"queues": queues, "old": old, "topics": topics, "functions": functions, "alarms": alarms}[step]()
print("ok")
