"""Metrics and alarms as boto3 sees them, in each of the protocols that botocore has for CloudWatch."""

import datetime
import sys

import boto3
import botocore.model
from botocore.config import Config
from botocore.exceptions import ClientError

NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
MINUTE = datetime.timedelta(minutes=1)


def refused(call, code, message=None):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message is None or message in found["Message"], found
        return
    raise AssertionError(f"not refused: {code}")


# What each release preferred: the newest first, then what older ones sent.
PROTOCOLS = ("smithy-rpc-v2-cbor", "json", "query")


def client(protocol):
    botocore.model.PRIORITY_ORDERED_SUPPORTED_PROTOCOLS = (protocol,)
    made = boto3.session.Session().client("cloudwatch", config=Config(retries={"max_attempts": 0}))
    assert made.meta.service_model.resolved_protocol == protocol
    return made


def metrics(cloudwatch, namespace):
    dimensions = [{"Name": "host", "Value": "a & b <c>"}]
    cloudwatch.put_metric_data(
        Namespace=namespace,
        MetricData=[
            {"MetricName": "load", "Dimensions": dimensions, "Value": 0.5, "Unit": "Percent", "Timestamp": NOW},
            {"MetricName": "load", "Dimensions": dimensions, "Values": [1, 2.5], "Counts": [2, 1], "Unit": "Percent",
             "Timestamp": NOW},
            {"MetricName": "set", "StatisticValues": {"SampleCount": 3, "Sum": 6, "Minimum": 1, "Maximum": 3}},
        ],
    )
    window = {"StartTime": NOW - 5 * MINUTE, "EndTime": NOW + MINUTE, "Period": 60}
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="load", Dimensions=dimensions,
        Statistics=["Sum", "SampleCount", "Average", "Minimum", "Maximum"], **window)
    assert answer["Label"] == "load", answer
    (point,) = answer["Datapoints"]
    assert point == {"Timestamp": NOW.replace(second=0), "SampleCount": 4.0, "Sum": 5.0, "Average": 1.25,
                     "Minimum": 0.5, "Maximum": 2.5, "Unit": "Percent"}, point
    answer = cloudwatch.get_metric_statistics(
        Namespace=namespace, MetricName="load", Dimensions=dimensions, ExtendedStatistics=["p50", "p100"], **window)
    (point,) = answer["Datapoints"]
    assert point["ExtendedStatistics"]["p100"] == 2.5, point
    assert abs(point["ExtendedStatistics"]["p50"] - 1) < 0.03, point

    # Above 10 KiB it is sent compressed.
    many = [{"MetricName": f"m{index:03}", "Dimensions": [{"Name": "d", "Value": "v" * 200}], "Value": index}
            for index in range(600)]
    cloudwatch.put_metric_data(Namespace=f"{namespace}/many", MetricData=many)
    pages = list(cloudwatch.get_paginator("list_metrics").paginate(Namespace=f"{namespace}/many"))
    assert [len(page["Metrics"]) for page in pages] == [500, 100]
    assert pages[0]["Metrics"][0] == {"Namespace": f"{namespace}/many", "MetricName": "m000",
                                      "Dimensions": [{"Name": "d", "Value": "v" * 200}]}

    refused(lambda: cloudwatch.put_metric_data(Namespace="AWS/EC2", MetricData=[{"MetricName": "m", "Value": 1}]),
            "InvalidParameterValue", "The value AWS/EC2 for parameter Namespace is invalid.")
    refused(lambda: cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m"}]),
            "MissingParameter")
    try:
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "m", "Value": 1e300}])
    except cloudwatch.exceptions.InvalidParameterValueException:
        pass
    else:
        raise AssertionError("a value out of range was taken")
    refused(lambda: cloudwatch.put_dashboard(DashboardName="d", DashboardBody="{}"), "NotImplemented", "PutDashboard")


def alarms(cloudwatch, namespace):
    name = f"{namespace} high"
    metric = {"Namespace": namespace, "MetricName": "load", "Dimensions": [{"Name": "host", "Value": "a"}]}
    topic = "arn:aws:sns:us-east-1:123456789012:alerts"
    cloudwatch.put_metric_alarm(
        AlarmName=name, Statistic="Average", Period=60, EvaluationPeriods=2, DatapointsToAlarm=1, Threshold=0.5,
        ComparisonOperator="GreaterThanThreshold", TreatMissingData="ignore", AlarmActions=[topic],
        Tags=[{"Key": "team", "Value": "ml"}], **metric)
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA" and alarm["Threshold"] == 0.5, alarm
    assert alarm["AlarmConfigurationUpdatedTimestamp"].year >= 2024 and alarm["ActionsEnabled"] is True
    assert cloudwatch.describe_alarms_for_metric(**metric)["MetricAlarms"][0]["AlarmName"] == name
    cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="a <test> & more")
    (alarm,) = cloudwatch.describe_alarms(AlarmNamePrefix=namespace, StateValue="ALARM")["MetricAlarms"]
    assert alarm["StateReason"] == "a <test> & more"
    pages = cloudwatch.get_paginator("describe_alarm_history").paginate(AlarmName=name, PaginationConfig={"PageSize": 1})
    items = [item for page in pages for item in page["AlarmHistoryItems"]]
    assert {"ConfigurationUpdate", "StateUpdate"} <= {item["HistoryItemType"] for item in items}, items
    cloudwatch.get_waiter("alarm_exists").wait(AlarmNames=[name])
    cloudwatch.disable_alarm_actions(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["ActionsEnabled"] is False
    cloudwatch.enable_alarm_actions(AlarmNames=[name])
    arn = alarm["AlarmArn"]
    cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "x", "Value": "1"}])
    cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["team"])
    assert cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "x", "Value": "1"}]

    cloudwatch.put_metric_data(Namespace=namespace, MetricData=[
        {**{key: metric[key] for key in ("MetricName", "Dimensions")}, "Value": value, "Timestamp": NOW}
        for value in (1, 2, 6)])
    answer = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "p100"}},
            {"Id": "e", "Expression": "FILL(m, 0) * 2", "Label": "twice"},
        ],
        StartTime=NOW - 2 * MINUTE, EndTime=NOW + MINUTE, ScanBy="TimestampAscending")
    m, e = answer["MetricDataResults"]
    assert (m["Values"], m["StatusCode"], m["Timestamps"]) == ([6.0], "Complete", [NOW.replace(second=0)]), m
    assert e["Label"] == "twice" and 12.0 in e["Values"] and set(e["Values"]) <= {0.0, 12.0}, e

    refused(lambda: cloudwatch.put_metric_alarm(
        AlarmName="x", Namespace=namespace, MetricName="m", Statistic="Sum", Period=45, EvaluationPeriods=1,
        Threshold=1, ComparisonOperator="GreaterThanThreshold"), "ValidationError", "Period")
    try:
        cloudwatch.set_alarm_state(AlarmName="nobody", StateValue="OK", StateReason="")
    except cloudwatch.exceptions.ResourceNotFound as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 404)
    else:
        raise AssertionError("nobody was found")
    refused(lambda: cloudwatch.put_composite_alarm(AlarmName="c", AlarmRule="TRUE"), "NotImplemented", "PutCompositeAlarm")
    cloudwatch.delete_alarms(AlarmNames=[name])
    assert cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"] == []


PARTS = {"metrics": metrics, "alarms": alarms}
for part in sys.argv[1:]:
    for index, protocol in enumerate(PROTOCOLS):
        PARTS[part](client(protocol), f"app{index}")
print("ok")
