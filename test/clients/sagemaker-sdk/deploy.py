"""The sagemaker Python SDK, version 2: registers a model, deploys the version, predicts and deletes.

Reads IMAGE: an image in a registry that the server's configuration names as its own.
"""
import io
import json
import os
import tarfile
import tempfile

import boto3
import sagemaker
from sagemaker import ModelPackage
from sagemaker.async_inference import AsyncInferenceConfig, WaiterConfig
from sagemaker.deserializers import StringDeserializer
from sagemaker.exceptions import AsyncInferenceModelError
from sagemaker.model import Model
from sagemaker.predictor import Predictor
from sagemaker.predictor_async import AsyncPredictor
from sagemaker.serializers import IdentitySerializer

ROLE = 'arn:aws:iam::123456789012:role/SageMakerExecutionRole'
image = os.environ['IMAGE']

boto_session = boto3.Session()
boto_session.client('s3').create_bucket(Bucket='sagemaker-sdk-python')
session = sagemaker.Session(boto_session=boto_session, default_bucket='sagemaker-sdk-python')

archive = io.BytesIO()
with tarfile.open(fileobj=archive, mode='w:gz') as tar:
    entry = tarfile.TarInfo('weights.txt')
    entry.size = 4
    tar.addfile(entry, io.BytesIO(b'0.25'))
with tempfile.NamedTemporaryFile(suffix='.tar.gz') as file:
    file.write(archive.getvalue())
    file.flush()
    data = session.upload_data(file.name, key_prefix='models')

model = Model(image_uri=image, model_data=data, role=ROLE, sagemaker_session=session, predictor_cls=Predictor)
registered = model.register(
    content_types=['text/plain'],
    response_types=['text/plain'],
    inference_instances=['ml.m5.large'],
    transform_instances=['ml.m5.large'],
    model_package_group_name='Sdk-Python',
    description='registered by the SDK',
    customer_metadata_properties={'accuracy': '0.97'},
)
arn = registered.model_package_arn
assert arn == 'arn:aws:sagemaker:us-east-1:123456789012:model-package/sdk-python/1', arn
client = boto_session.client('sagemaker')
assert client.describe_model_package(ModelPackageName=arn)['ModelApprovalStatus'] == 'PendingManualApproval'

package = ModelPackage(role=ROLE, model_package_arn=arn, sagemaker_session=session, predictor_cls=Predictor)
predictor = package.deploy(
    initial_instance_count=1,
    instance_type='ml.m5.large',
    serializer=IdentitySerializer(content_type='text/plain'),
    deserializer=StringDeserializer(),
    endpoint_name='sdk-python',
)
# The SDK approves the version by itself.
assert client.describe_model_package(ModelPackageName=arn)['ModelApprovalStatus'] == 'Approved'
assert predictor.predict('hello') == 'hello'
assert predictor.predict('', custom_attributes='file=/opt/ml/model/weights.txt') == '0.25'

predictor.delete_model()
predictor.delete_endpoint(delete_endpoint_config=True)
assert client.list_models()['Models'] == [] and client.list_endpoint_configs()['EndpointConfigs'] == []

# The same model behind a queue: what the SDK does not find in the config it chooses, in its default bucket.
asynchronous = model.deploy(
    initial_instance_count=1,
    instance_type='ml.m5.large',
    serializer=IdentitySerializer(content_type='text/plain'),
    deserializer=StringDeserializer(),
    endpoint_name='sdk-python-async',
    async_inference_config=AsyncInferenceConfig(max_concurrent_invocations_per_instance=2),
)
assert isinstance(asynchronous, AsyncPredictor), asynchronous
waiter = WaiterConfig(max_attempts=60, delay=1)
assert asynchronous.predict('patience', waiter_config=waiter) == 'patience'
response = asynchronous.predict_async('later')
assert response.output_path.startswith('s3://sagemaker-sdk-python/async-endpoint-outputs/'), response.output_path
assert response.get_result(waiter) == 'later'
failing = asynchronous.predict_async('status=500', initial_args={'ContentType': 'text/x-commands'})
try:
    failing.get_result(waiter)
    raise AssertionError('no failure')
except AsyncInferenceModelError as error:
    assert 'server error (500)' in str(error), error
asynchronous.delete_model()
asynchronous.delete_endpoint(delete_endpoint_config=True)

# A second registration finds the group instead of making it.
again = model.register(content_types=['text/plain'], response_types=['text/plain'], model_package_group_name='Sdk-Python', inference_instances=['ml.m5.large'], transform_instances=['ml.m5.large'])
assert again.model_package_arn.endswith('/2'), again.model_package_arn
# The SDK has drawn a line of progress that it does not end.
print()
print(json.dumps({'version': arn, 'sdk': sagemaker.__version__}))
