"""Serializes requests and parses responses with botocore, so that the codecs are held against what clients really do.

Reads one JSON array of tasks on standard input and writes one JSON array of results. Times travel as {"$time": epoch
milliseconds}, bytes as {"$blob": base64}.
"""

import base64
import datetime
import json
import pathlib
import sys

import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
from botocore.awsrequest import create_request_object, prepare_request_dict

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
# Without the package's own additions: they turn a text of S3 into a time.
loader = botocore.loaders.Loader(include_default_extras=False)
models = {}


PATCHES = json.loads((pathlib.Path(__file__).parents[2] / 'src/model/patches.json').read_text())


def model_of(service):
    if service not in models:
        definition = loader.load_service_model(service, 'service-2')
        # Members that the pinned definition does not have yet, but newer clients send.
        for patch in PATCHES:
            if patch['service'] == service and 'members' in patch['set']:
                definition['shapes'][patch['shape']].update(patch['set'])
        models[service] = botocore.model.ServiceModel(definition, service)
    return models[service]


def from_tagged(value):
    if isinstance(value, list):
        return [from_tagged(entry) for entry in value]
    if isinstance(value, dict):
        if '$time' in value:
            return EPOCH + datetime.timedelta(milliseconds=value['$time'])
        if '$blob' in value:
            return base64.b64decode(value['$blob'])
        return {key: from_tagged(entry) for key, entry in value.items()}
    return value


def to_tagged(value):
    if isinstance(value, (list, tuple)):
        return [to_tagged(entry) for entry in value]
    if isinstance(value, dict):
        return {key: to_tagged(entry) for key, entry in value.items()}
    if isinstance(value, datetime.datetime):
        return {'$time': round((value - EPOCH).total_seconds() * 1000)}
    if isinstance(value, (bytes, bytearray)):
        return {'$blob': base64.b64encode(value).decode()}
    return value


def serialize(task):
    service = model_of(task['service'])
    operation = service.operation_model(task['operation'])
    serializer = botocore.serialize.create_serializer(task['protocol'], False)
    request = serializer.serialize_to_request(from_tagged(task['params']), operation)
    prepare_request_dict(request, endpoint_url='http://localhost')
    prepared = create_request_object(request).prepare()
    body = prepared.body or b''
    if isinstance(body, str):
        body = body.encode()
    return {
        'method': prepared.method,
        'url': prepared.url,
        'headers': {key: as_text(value) for key, value in prepared.headers.items()},
        'body': base64.b64encode(body).decode(),
    }


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


def parse(task):
    service = model_of(task['service'])
    operation = service.operation_model(task['operation'])
    parser = botocore.parsers.create_parser(task['protocol'])
    body = base64.b64decode(task['body'])
    # A body of bytes is handed on unread, as the HTTP client's stream would be.
    body = bytearray(body) if operation.has_streaming_output else body
    response = {'status_code': task['status'], 'headers': Headers(task['headers']), 'body': body, 'context': {}}
    return to_tagged(parser.parse(response, operation.output_shape))


class Headers(dict):
    """Headers without regard to case, as the HTTP client gives them."""

    def __init__(self, entries):
        super().__init__({key.lower(): value for key, value in entries.items()})

    def get(self, key, default=None):
        return super().get(key.lower(), default)

    def __getitem__(self, key):
        return super().__getitem__(key.lower())

    def __contains__(self, key):
        return super().__contains__(key.lower())


def run(task):
    return serialize(task) if task['kind'] == 'serialize' else parse(task)


json.dump([run(task) for task in json.load(sys.stdin)], sys.stdout)
