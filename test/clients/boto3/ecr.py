"""Pushes an image with nothing but boto3, reads it back, and deletes it again. Prints the digest of the manifest."""

import base64
import hashlib
import json
import os
import urllib.error
import urllib.request

import boto3

MIB = 1024 * 1024
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ecr = boto3.client("ecr")
account = boto3.client("sts").get_caller_identity()["Account"]
name = "boto3/model"


def refused(code, call, **arguments):
    try:
        call(**arguments)
    except ecr.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{code} was expected")


def push(content, media_type):
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    upload = ecr.initiate_layer_upload(repositoryName=name)
    size = upload["partSize"]
    for first in range(0, len(content), size):
        part = content[first : first + size]
        answer = ecr.upload_layer_part(
            repositoryName=name,
            uploadId=upload["uploadId"],
            partFirstByte=first,
            partLastByte=first + len(part) - 1,
            layerPartBlob=part,
        )
        assert answer["lastByteReceived"] == first + len(part) - 1
    done = ecr.complete_layer_upload(repositoryName=name, uploadId=upload["uploadId"], layerDigests=[digest])
    assert done["layerDigest"] == digest
    return {"mediaType": media_type, "size": len(content), "digest": digest}


created = ecr.create_repository(repositoryName=name, tags=[{"Key": "team", "Value": "ml"}])["repository"]
assert created["repositoryArn"] == f"arn:aws:ecr:us-east-1:{account}:repository/{name}"
refused("RepositoryAlreadyExistsException", ecr.create_repository, repositoryName=name)
refused("InvalidParameterException", ecr.create_repository, repositoryName="Not/Valid")
refused("RepositoryNotFoundException", ecr.describe_images, repositoryName="none")
refused("NotImplemented", ecr.start_image_scan, repositoryName=name, imageId={"imageTag": "v1"})
refused("NotImplemented", ecr.put_lifecycle_policy, repositoryName=name, lifecyclePolicyText='{"rules":[]}' + " " * 100)
assert ecr.list_tags_for_resource(resourceArn=created["repositoryArn"])["tags"] == [{"Key": "team", "Value": "ml"}]

token = ecr.get_authorization_token()["authorizationData"][0]
assert token["proxyEndpoint"] == os.environ["AWS_ENDPOINT_URL"]
assert base64.b64decode(token["authorizationToken"]).startswith(b"AWS:")
assert 11.9 < (token["expiresAt"].timestamp() - __import__("time").time()) / 3600 < 12.1

content = os.urandom(21 * MIB)
layer = push(content, "application/vnd.docker.image.rootfs.diff.tar.gzip")
config = push(b'{"architecture":"amd64","os":"linux"}', "application/vnd.docker.container.image.v1+json")
manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]})
image = ecr.put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")["image"]
digest = image["imageId"]["imageDigest"]
available = ecr.batch_check_layer_availability(repositoryName=name, layerDigests=[layer["digest"]])["layers"]
assert available[0]["layerAvailability"] == "AVAILABLE" and available[0]["layerSize"] == len(content)

(detail,) = next(iter(ecr.get_paginator("describe_images").paginate(repositoryName=name)))["imageDetails"]
assert detail["imageDigest"] == digest and detail["imageTags"] == ["v1"]
assert detail["imageSizeInBytes"] == layer["size"] + config["size"]
assert abs(detail["imagePushedAt"].timestamp() - __import__("time").time()) < 300

# Pulled through the registry, with the login, and through the link, without one.
uri = f"{token['proxyEndpoint']}/v2/" + created["repositoryUri"].split("/", 1)[1]
request = urllib.request.Request(f"{uri}/manifests/v1", headers={"Authorization": "Basic " + token["authorizationToken"]})
with urllib.request.urlopen(request) as answer:
    assert answer.read().decode() == manifest and answer.headers["Docker-Content-Digest"] == digest
try:
    urllib.request.urlopen(f"{uri}/manifests/v1")
    raise AssertionError("read without a login")
except urllib.error.HTTPError as error:
    assert error.code == 401
link = ecr.get_download_url_for_layer(repositoryName=name, layerDigest=layer["digest"])["downloadUrl"]
with urllib.request.urlopen(link) as answer:
    assert answer.read() == content

refused("RepositoryNotEmptyException", ecr.delete_repository, repositoryName=name)
deleted = ecr.batch_delete_image(repositoryName=name, imageIds=[{"imageTag": "v1"}])
assert deleted["imageIds"] == [{"imageDigest": digest, "imageTag": "v1"}] and deleted["failures"] == []
refused("ImageNotFoundException", ecr.describe_images, repositoryName=name, imageIds=[{"imageTag": "v1"}])
ecr.delete_repository(repositoryName=name)
assert name not in [each["repositoryName"] for each in ecr.describe_repositories()["repositories"]]
print(digest)
