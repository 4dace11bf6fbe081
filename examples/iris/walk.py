"""From a trained model to predictions and back to nothing, with plain boto3.

Every call is one that Amazon SageMaker has. Nothing here knows of Slipway: AWS_ENDPOINT_URL in the environment is what
points boto3 at it. `make demo` runs this file; besides boto3's own variables it wants

    IRIS_IMAGE                               the model server's image in a private registry: host/repository:tag
    REGISTRY_USERNAME, REGISTRY_PASSWORD     the registry's login
    MODEL_ARCHIVE                            model.tar.gz, as train.py has written it
"""

import io
import json
import os
import time
import zipfile
from pathlib import Path

import boto3
from progress import show_table, step
from train import read_flowers, split

IMAGE = os.environ["IRIS_IMAGE"]
ROLE = "arn:aws:iam::123456789012:role/SageMakerExecutionRole"
# AmazonSageMakerFullAccess lets a role read buckets that have sagemaker in their name.
BUCKET = "sagemaker-us-east-1-123456789012"
MODEL_DATA = f"s3://{BUCKET}/iris/model.tar.gz"
GROUP = "iris"
LOG_GROUPS = "/aws/sagemaker/Endpoints"
# AmazonSageMakerFullAccess lets a role invoke functions that have SageMaker in their name.
FUNCTION = "SageMaker-registry-credentials"
# Images outside ECR are pulled in Vpc mode, and that wants a VpcConfig.
VPC = {"SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"], "Subnets": ["subnet-0a1b2c3d4e5f60718"]}

s3 = boto3.client("s3")
functions = boto3.client("lambda")
sagemaker = boto3.client("sagemaker")
runtime = boto3.client("sagemaker-runtime")
logs = boto3.client("logs")


def upload_model():
    s3.create_bucket(Bucket=BUCKET)
    s3.upload_file(os.environ["MODEL_ARCHIVE"], BUCKET, "iris/model.tar.gz")


def create_credentials_function():
    """The function that SageMaker asks for the registry's login whenever it pulls; its source is credentials.py."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(Path(__file__).with_name("credentials.py"), "credentials.py")
    login = {name: os.environ[name] for name in ("REGISTRY_USERNAME", "REGISTRY_PASSWORD")}
    function = functions.create_function(
        FunctionName=FUNCTION,
        Runtime="python3.12",
        Handler="credentials.handler",
        Role=ROLE,
        Code={"ZipFile": code.getvalue()},
        Environment={"Variables": login},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=FUNCTION)
    return function["FunctionArn"]


def register_version():
    sagemaker.create_model_package_group(ModelPackageGroupName=GROUP, ModelPackageGroupDescription="Iris flowers")
    version = sagemaker.create_model_package(
        ModelPackageGroupName=GROUP,
        ModelPackageDescription="Logistic regression on four measurements",
        InferenceSpecification={
            "Containers": [{"Image": IMAGE, "ModelDataUrl": MODEL_DATA}],
            "SupportedContentTypes": ["text/csv", "application/json"],
            "SupportedResponseMIMETypes": ["text/csv", "application/json"],
        },
        ModelApprovalStatus="PendingManualApproval",
    )
    return version["ModelPackageArn"]


def look_at(version):
    """Lists the group's versions and describes the new one, as a reviewer would."""
    summaries = sagemaker.list_model_packages(ModelPackageGroupName=GROUP)["ModelPackageSummaryList"]
    assert version in [summary["ModelPackageArn"] for summary in summaries]
    described = sagemaker.describe_model_package(ModelPackageName=version)
    return f"{GROUP} version {described['ModelPackageVersion']}: {described['ModelApprovalStatus']}"


def image_config(function):
    """Says that the image lies in a private registry, and who knows the login."""
    return {
        "RepositoryAccessMode": "Vpc",
        "RepositoryAuthConfig": {"RepositoryCredentialsProviderArn": function},
    }


def create_model_from_version(name, version, function):
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        Containers=[{"ModelPackageName": version, "ImageConfig": image_config(function)}],
        VpcConfig=VPC,
    )


def create_model_from_image(name, function):
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE, "ImageConfig": image_config(function), "ModelDataUrl": MODEL_DATA},
        VpcConfig=VPC,
    )


def create_endpoint(model):
    """An endpoint with one instance, named like its model and its configuration."""
    variant = {"VariantName": "AllTraffic", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    sagemaker.create_endpoint_config(EndpointConfigName=model, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=model, EndpointConfigName=model)


def wait_until_in_service(endpoint, note):
    while (described := sagemaker.describe_endpoint(EndpointName=endpoint))["EndpointStatus"] == "Creating":
        note("Creating")
        time.sleep(0.25)
    if described["EndpointStatus"] != "InService":
        raise SystemExit(f"{endpoint} is {described['EndpointStatus']}: {described.get('FailureReason')}")
    digest = described["ProductionVariants"][0]["DeployedImages"][0]["ResolvedImage"].partition("@")[2]
    return f"InService, image {digest[:19]}…"


def predict_as_json(endpoint, flowers):
    """The model's answer on each flower: species and probabilities."""
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint,
        ContentType="application/json",
        Body=json.dumps({"instances": [measurements for measurements, _ in flowers]}),
    )
    return json.load(answer["Body"])["predictions"]


def predict_as_csv(endpoint, flowers):
    """The species of each flower."""
    lines = [",".join(map(str, measurements)) for measurements, _ in flowers]
    answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="text/csv", Body="\n".join(lines))
    return answer["Body"].read().decode().split()


def show_predictions(flowers, predictions):
    rows = [
        [", ".join(map(str, measurements)), truth, found["species"], f"{found['probabilities'][found['species']]:.0%}"]
        for (measurements, truth), found in zip(flowers, predictions)
    ]
    show_table(["sepal and petal, cm", "truth", "prediction", "probability"], rows)


def read_container_logs(endpoint):
    """What the container has printed about our requests; lines take a moment from the container to the log."""
    for _ in range(60):
        try:
            events = logs.filter_log_events(logGroupName=f"{LOG_GROUPS}/{endpoint}", filterPattern="flowers")["events"]
        except logs.exceptions.ResourceNotFoundException:
            events = []
        if len(events) >= 2:
            return [event["message"].rstrip() for event in events]
        time.sleep(0.25)
    raise SystemExit("the container's lines about our requests have not reached its log")


def delete_endpoint(name):
    """Deletes the endpoint, its configuration and its model; its containers are gone when this returns."""
    sagemaker.delete_endpoint(EndpointName=name)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)


def delete_the_rest(version):
    sagemaker.delete_model_package(ModelPackageName=version)
    sagemaker.delete_model_package_group(ModelPackageGroupName=GROUP)
    functions.delete_function(FunctionName=FUNCTION)
    s3.delete_object(Bucket=BUCKET, Key="iris/model.tar.gz")
    s3.delete_bucket(Bucket=BUCKET)
    for group in logs.describe_log_groups(logGroupNamePrefix=f"{LOG_GROUPS}/iris")["logGroups"]:
        logs.delete_log_group(logGroupName=group["logGroupName"])


def main():
    _, unseen = split(read_flowers())
    one_of_each = list({species: (measurements, species) for measurements, species in reversed(unseen)}.values())[::-1]

    with step("upload model.tar.gz to S3") as this:
        upload_model()
        this.done(MODEL_DATA)
    with step("create the Lambda function that returns the registry's login") as this:
        function = create_credentials_function()
        this.done(FUNCTION)
    with step("register a model version, its image in the private registry") as this:
        version = register_version()
        this.done(version)
    with step("list and describe it") as this:
        this.done(look_at(version))
    with step("approve it"):
        sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")

    with step("create a model from the version's ARN"):
        create_model_from_version("iris", version, function)
    with step("create an endpoint and wait until it is InService") as this:
        create_endpoint("iris")
        this.done(wait_until_in_service("iris", this.note))
    with step("invoke it with three flowers that the model has never seen"):
        predictions = predict_as_json("iris", one_of_each)
    show_predictions(one_of_each, predictions)
    with step("invoke it with all flowers that were held out of the training") as this:
        right = sum(found == truth for found, (_, truth) in zip(predict_as_csv("iris", unseen), unseen, strict=True))
        this.done(f"accuracy {right / len(unseen):.1%} ({right} of {len(unseen)})")
    with step("read the container's log through CloudWatch Logs") as this:
        this.done(read_container_logs("iris")[-1])

    with step("create a model directly from the image, and its endpoint"):
        create_model_from_image("iris-direct", function)
        create_endpoint("iris-direct")
        in_service = sagemaker.get_waiter("endpoint_in_service")
        in_service.wait(EndpointName="iris-direct", WaiterConfig={"Delay": 1, "MaxAttempts": 120})
        assert predict_as_csv("iris-direct", one_of_each) == [truth for _, truth in one_of_each]

    with step("delete both endpoints"):
        delete_endpoint("iris")
        delete_endpoint("iris-direct")
    with step("delete the version, its group, the function, bucket and logs"):
        delete_the_rest(version)

    if any(found["species"] != truth for found, (_, truth) in zip(predictions, one_of_each, strict=True)):
        raise SystemExit("the predictions are not the flowers' species")


if __name__ == "__main__":
    main()
