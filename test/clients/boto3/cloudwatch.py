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


PARTS = {"metrics": metrics}
for part in sys.argv[1:]:
    for index, protocol in enumerate(PROTOCOLS):
        PARTS[part](client(protocol), f"app{index}")
print("ok")
