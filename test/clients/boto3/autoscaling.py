"""Application Auto Scaling as boto3 sees it, of the endpoint `scaled` with the variant `v`."""

import datetime
import json
import sys
import time
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

CONFIG = Config(retries={"max_attempts": 0})
scaling = boto3.client("application-autoscaling", config=CONFIG)
sagemaker = boto3.client("sagemaker", config=CONFIG)
cloudwatch = boto3.client("cloudwatch", config=CONFIG)
iam = boto3.client("iam", config=CONFIG)
ACCOUNT = boto3.client("sts").get_caller_identity()["Account"]
REGION = scaling.meta.region_name
ENDPOINT = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/scaled"
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/scaled/variant/v",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
OF_VARIANT = {"ServiceNamespace": "sagemaker", "ResourceId": VARIANT["ResourceId"]}


def refused(call, code, message=""):
    try:
        call()
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{found} instead of {code}"
        assert message in found["Message"], found
        return error
    raise AssertionError(f"not refused: {code}")


def until(look, seconds=60):
    end = time.monotonic() + seconds
    while True:
        try:
            return look()
        except (AssertionError, ClientError):
            if time.monotonic() > end:
                raise
        time.sleep(0.2)


def clean():
    """What a try before this one has left."""
    for target in scaling.describe_scalable_targets(**{"ServiceNamespace": "sagemaker"})["ScalableTargets"]:
        scaling.deregister_scalable_target(**{name: target[name] for name in VARIANT})


def every(operation, key, **request):
    pages = list(scaling.get_paginator(operation).paginate(**request, PaginationConfig={"PageSize": 2}))
    return len(pages), [item for page in pages for item in page[key]]


def capacity(count):
    def looked():
        endpoint = sagemaker.describe_endpoint(EndpointName="scaled")
        (variant,) = endpoint["ProductionVariants"]
        found = (endpoint["EndpointStatus"], variant["DesiredInstanceCount"], variant["CurrentInstanceCount"])
        assert found == ("InService", count, count), found
    return looked


def tracking(value=70.0, **more):
    return {
        "TargetValue": value,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
        **more,
    }


def walk():
    clean()
    arn = scaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=3, Tags={"team": "ml", "späť": ""})["ScalableTargetARN"]
    assert arn.startswith(f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/"), arn
    (target,) = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[VARIANT["ResourceId"]])["ScalableTargets"]
    assert target["ScalableTargetARN"] == arn and (target["MinCapacity"], target["MaxCapacity"]) == (1, 3), target
    assert isinstance(target["CreationTime"], datetime.datetime)

    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "ml", "späť": ""}
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "web", "cost": "7"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["späť", "none"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "web", "cost": "7"}
    # A target that is there is tagged by TagResource alone.
    refused(lambda: scaling.register_scalable_target(**VARIANT, Tags={"again": "1"}), "ValidationException", "already exists")
    assert scaling.register_scalable_target(**VARIANT, Tags={})["ScalableTargetARN"] == arn
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "web", "cost": "7"}

    tracked = scaling.put_scaling_policy(
        **VARIANT, PolicyName="invocations", PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking(ScaleInCooldown=600),
    )
    names = [alarm["AlarmName"] for alarm in tracked["Alarms"]]
    assert len(names) == 2 and len(cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]) == 2
    for name in ("more", "less"):
        stepped = scaling.put_scaling_policy(
            **VARIANT, PolicyName=name, PolicyType="StepScaling",
            StepScalingPolicyConfiguration={
                "AdjustmentType": "ChangeInCapacity",
                "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1 if name == "more" else -1}],
            },
        )
        assert stepped["PolicyARN"].endswith(f":policyName/{name}"), stepped
    pages, policies = every("describe_scaling_policies", "ScalingPolicies", **OF_VARIANT)
    assert pages == 2 and [policy["PolicyName"] for policy in policies] == ["invocations", "less", "more"], policies

    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=3)
    scaling.put_scheduled_action(
        **VARIANT, ScheduledActionName="soon", Schedule=soon.strftime("at(%Y-%m-%dT%H:%M:%S)"),
        ScalableTargetAction={"MinCapacity": 2, "MaxCapacity": 4},
    )
    start = datetime.datetime(2099, 1, 1, tzinfo=datetime.timezone.utc)
    for name, schedule in (("later", "cron(30 6 ? * MON#2 2099)"), ("much-later", "rate(2 days)")):
        scaling.put_scheduled_action(
            **VARIANT, ScheduledActionName=name, Schedule=schedule, Timezone="Pacific/Tahiti", StartTime=start,
            EndTime=start + datetime.timedelta(days=300), ScalableTargetAction={"MaxCapacity": 9},
        )
    pages, actions = every("describe_scheduled_actions", "ScheduledActions", **OF_VARIANT)
    assert pages == 2 and [action["ScheduledActionName"] for action in actions] == ["later", "much-later", "soon"], actions
    assert actions[0]["StartTime"] == start and actions[0]["ScalableTargetAction"] == {"MaxCapacity": 9}, actions[0]
    until(capacity(2))

    def told():
        pages, activities = every("describe_scaling_activities", "ScalingActivities", **OF_VARIANT)
        found = [(activity["Cause"], activity["StatusCode"]) for activity in activities if "triggered policy" not in activity["Cause"]]
        assert found == [
            ("minimum capacity was set to 2", "Successful"),
            ("scheduled action name soon was triggered", "Successful"),
        ], found
    until(told)
    (target,) = scaling.describe_scalable_targets(**{"ServiceNamespace": "sagemaker"})["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 4), target

    scaling.delete_scheduled_action(**VARIANT, ScheduledActionName="soon")
    scaling.delete_scaling_policy(**VARIANT, PolicyName="invocations")
    assert cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"] == []
    scaling.deregister_scalable_target(**VARIANT)
    for operation, key in (
        ("describe_scaling_policies", "ScalingPolicies"),
        ("describe_scheduled_actions", "ScheduledActions"),
    ):
        assert every(operation, key, **OF_VARIANT) == (1, []), operation
    error = refused(lambda: scaling.list_tags_for_resource(ResourceARN=arn), "ResourceNotFoundException")
    assert isinstance(error, scaling.exceptions.ResourceNotFoundException) and error.response["ResourceName"] == arn
    refused(lambda: scaling.deregister_scalable_target(**VARIANT), "ObjectNotFoundException", "No scalable target registered")


def refusals():
    clean()
    action = {"MinCapacity": 1}

    def schedule(expression="rate(1 hour)", **more):
        return lambda: scaling.put_scheduled_action(
            **{**VARIANT, "ScheduledActionName": "a", "Schedule": expression, "ScalableTargetAction": action, **more})

    refused(schedule(), "ObjectNotFoundException", "No scalable target registered")
    refused(lambda: scaling.register_scalable_target(**VARIANT), "ValidationException", "MinCapacity and MaxCapacity")
    refused(lambda: scaling.register_scalable_target(**VARIANT, MinCapacity=3, MaxCapacity=2), "ValidationException")
    refused(lambda: scaling.register_scalable_target(**VARIANT, MinCapacity=-1, MaxCapacity=2), "ValidationException")
    refused(lambda: scaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=2**31), "SerializationException")
    arn = scaling.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=3)["ScalableTargetARN"]

    for expression in ("cron(0 9 * * * *)", "cron(0 9 * *)", "at(2020-01-01T00:00:00)", "rate(1 hours)", "now"):
        refused(schedule(expression), "ValidationException")
    refused(schedule(Timezone="Mars/Base"), "ValidationException", "time zone")
    refused(schedule(ScalableTargetAction={}), "ValidationException", "At least one of minimum capacity and maximum capacity")
    refused(schedule(ScalableTargetAction={"MinCapacity": 2**31}), "SerializationException")
    refused(schedule(ScheduledActionName="a:b"), "ValidationException", "scheduledActionName")
    refused(schedule(ScheduledActionName="x" * 257), "ValidationException", "scheduledActionName")
    refused(schedule(ResourceId="endpoint/scaled"), "ValidationException")
    refused(lambda: scaling.delete_scheduled_action(**VARIANT, ScheduledActionName="a"), "ObjectNotFoundException")

    refused(lambda: scaling.tag_resource(ResourceARN=arn, Tags={"aws:own": "1"}), "ValidationException", "reserved")
    error = refused(lambda: scaling.tag_resource(ResourceARN=arn, Tags={f"k{i}": "" for i in range(51)}), "TooManyTagsException")
    assert error.response["ResourceName"] == arn, error.response
    refused(lambda: scaling.tag_resource(ResourceARN=arn, Tags={"k": "x" * 257}), "ValidationException")
    refused(lambda: scaling.tag_resource(ResourceARN=arn[:-1] + "-", Tags={}), "ResourceNotFoundException")
    refused(lambda: scaling.list_tags_for_resource(ResourceARN="arn:aws:sns:us-east-1:123456789012:t"), "ValidationException")
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {}

    for wrong in (
        tracking(-1.0),
        {"TargetValue": 1.0},
        {"TargetValue": 1.0, "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}},
        tracking(ScaleInCooldown=-1),
    ):
        refused(lambda: scaling.put_scaling_policy(
            **VARIANT, PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=wrong,
        ), "ValidationException")
    refused(lambda: scaling.put_scaling_policy(**VARIANT, PolicyName="p", PolicyType="TargetTrackingScaling"), "ValidationException")
    for listing in (scaling.describe_scalable_targets, scaling.describe_scaling_policies,
                    scaling.describe_scheduled_actions, scaling.describe_scaling_activities):
        refused(lambda: listing(ServiceNamespace="sagemaker", NextToken="x"), "InvalidNextTokenException")
    clean()


def access():
    clean()
    user = f"scaler-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    own = boto3.client(
        "application-autoscaling", config=CONFIG,
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
    )

    def give(*statements):
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}
        iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(document))

    def denied(call, action):
        refused(call, "AccessDeniedException", f"application-autoscaling:{action}")

    def allowed(call):
        """Policies are heard of within a moment."""
        return until(call, 10)

    endpoint = {"Action": ["sagemaker:DescribeEndpoint", "sagemaker:UpdateEndpointWeightsAndCapacities"], "Resource": ENDPOINT}
    alarms = {"Action": ["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"]}
    register = lambda **more: lambda: own.register_scalable_target(**VARIANT, MinCapacity=1, MaxCapacity=3, **more)
    schedule = lambda: own.put_scheduled_action(
        **VARIANT, ScheduledActionName="a", Schedule="rate(1 day)", ScalableTargetAction={"MinCapacity": 1})
    follow = lambda: own.put_scaling_policy(
        **VARIANT, PolicyName="p", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=tracking())
    by_key = lambda **keys: {"Condition": {"StringEquals": {f"application-autoscaling:{k.replace('_', '-')}": v for k, v in keys.items()}}}

    denied(register(), "RegisterScalableTarget")
    denied(lambda: own.describe_scheduled_actions(ServiceNamespace="sagemaker"), "DescribeScheduledActions")

    # What is scaled is not the caller's to scale.
    give({"Action": "application-autoscaling:*"})
    allowed(lambda: own.describe_scheduled_actions(ServiceNamespace="sagemaker"))
    refused(register(), "AccessDeniedException", "sagemaker:DescribeEndpoint")

    # AWS defines two keys of its own.
    everything = {"Action": "application-autoscaling:*"}
    give({**everything, **by_key(service_namespace="ecs")}, endpoint, alarms)
    until(lambda: denied(register(), "RegisterScalableTarget"), 10)
    give({**everything, **by_key(service_namespace="sagemaker", scalable_dimension="sagemaker:variant:DesiredProvisionedConcurrency")}, endpoint, alarms)
    until(lambda: denied(register(), "RegisterScalableTarget"), 10)
    give({**everything, **by_key(service_namespace="sagemaker", scalable_dimension=VARIANT["ScalableDimension"])}, endpoint, alarms)
    arn = allowed(register())["ScalableTargetARN"]
    schedule()
    follow()
    own.delete_scaling_policy(**VARIANT, PolicyName="p")
    own.delete_scheduled_action(**VARIANT, ScheduledActionName="a")

    # Who tags a target as it is made must be allowed to tag, and with these tags.
    only_ml = {"Condition": {"StringEquals": {"aws:RequestTag/team": "ml"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}}
    give({"Action": ["application-autoscaling:RegisterScalableTarget", "application-autoscaling:UntagResource"]},
         {"Action": "application-autoscaling:TagResource", **only_ml}, endpoint)
    until(lambda: denied(register(Tags={"team": "web"}), "TagResource"), 10)
    denied(register(Tags={"team": "ml", "more": ""}), "TagResource")
    denied(lambda: own.tag_resource(ResourceARN=arn, Tags={"team": "web"}), "TagResource")
    scaling.deregister_scalable_target(**VARIANT)
    arn = allowed(register(Tags={"team": "ml"}))["ScalableTargetARN"]
    denied(lambda: own.list_tags_for_resource(ResourceARN=arn), "ListTagsForResource")

    # A target's own tags, and its ARN.
    give({**everything, "Condition": {"StringEquals": {"aws:ResourceTag/team": "web"}}}, endpoint, alarms)
    until(lambda: denied(schedule, "PutScheduledAction"), 10)
    give({**everything, "Condition": {"StringEquals": {"aws:ResourceTag/team": "ml"}}}, endpoint, alarms)
    allowed(schedule)
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "other"})
    denied(follow, "PutScalingPolicy")
    give({**everything, "Resource": arn}, endpoint, alarms, {"Effect": "Deny", "Action": "application-autoscaling:DeleteScheduledAction", "Resource": arn})
    allowed(follow)
    denied(lambda: own.delete_scheduled_action(**VARIANT, ScheduledActionName="a"), "DeleteScheduledAction")
    denied(lambda: own.describe_scheduled_actions(ServiceNamespace="sagemaker"), "DescribeScheduledActions")
    denied(lambda: own.tag_resource(ResourceARN=arn.replace(ACCOUNT, "999999999999"), Tags={}), "TagResource")

    # Each step of a way that needs more than one right.
    give(everything, endpoint)
    until(lambda: refused(follow, "AccessDeniedException", "cloudwatch:PutMetricAlarm"), 10)
    refused(lambda: own.deregister_scalable_target(**VARIANT), "AccessDeniedException", "cloudwatch:DeleteAlarms")
    give(everything, alarms)
    until(lambda: refused(schedule, "AccessDeniedException", "sagemaker:UpdateEndpointWeightsAndCapacities"), 10)
    allowed(lambda: own.deregister_scalable_target(**VARIANT))
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName=user, PolicyName="own")
    iam.delete_user(UserName=user)


for name in sys.argv[1:]:
    {"walk": walk, "refusals": refusals, "access": access}[name]()
print("ok")
