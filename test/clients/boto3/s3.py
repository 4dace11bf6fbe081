"""S3 as boto3 users know it. Each check is a function; the names of those that passed are printed as a JSON list.

With arguments, only the checks named are run. LARGE_BYTES sets the size of the large object.
"""
import base64
import datetime
import hashlib
import io
import json
import os
import socket
import sys
import tempfile
import urllib.request
import zlib

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.exceptions import ClientError
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum

ENDPOINT = os.environ['AWS_ENDPOINT_URL']
MIB = 1024 * 1024
s3 = boto3.client('s3', config=Config(s3={'addressing_style': 'path'}))
BUCKET = 'boto3-models'


def refused(call, code, status=None):
    try:
        call()
    except ClientError as error:
        assert error.response['Error']['Code'] == code, error.response
        if status is not None:
            assert error.response['ResponseMetadata']['HTTPStatusCode'] == status, error.response
        return error.response
    raise AssertionError(f'{code} expected')


def empty(bucket):
    boto3.resource('s3').Bucket(bucket).objects.all().delete()


def buckets():
    name = 'boto3-other'
    created = s3.create_bucket(Bucket=name)
    assert created['Location'] == f'/{name}', created
    assert s3.head_bucket(Bucket=name)['BucketRegion'] == 'us-east-1'
    assert s3.get_bucket_location(Bucket=name)['LocationConstraint'] is None
    names = [bucket['Name'] for bucket in s3.list_buckets()['Buckets']]
    assert name in names, names
    pages = s3.get_paginator('list_buckets').paginate(PaginationConfig={'PageSize': 1})
    assert [bucket['Name'] for page in pages for bucket in page['Buckets']] == sorted(names)
    assert 'Status' not in s3.get_bucket_versioning(Bucket=name)
    tags = {'TagSet': [{'Key': 'team', 'Value': 'ml + co'}]}
    s3.put_bucket_tagging(Bucket=name, Tagging=tags)
    assert s3.get_bucket_tagging(Bucket=name)['TagSet'] == tags['TagSet']
    s3.delete_bucket_tagging(Bucket=name)
    refused(lambda: s3.get_bucket_tagging(Bucket=name), 'NoSuchTagSet', 404)
    s3.put_object(Bucket=name, Key='k', Body=b'')
    refused(lambda: s3.delete_bucket(Bucket=name), 'BucketNotEmpty', 409)
    s3.delete_object(Bucket=name, Key='k')
    s3.delete_bucket(Bucket=name)
    refused(lambda: s3.head_bucket(Bucket=name), '404', 404)
    missing = refused(lambda: s3.list_objects_v2(Bucket=name), 'NoSuchBucket', 404)
    assert missing['Error']['BucketName'] == name, missing
    assert missing['Error']['Message'] == 'The specified bucket does not exist'
    refused(lambda: s3.create_bucket(Bucket='Not_A_Name'), 'InvalidBucketName', 400)
    west = boto3.client('s3', region_name='us-west-2')
    constraint = {'LocationConstraint': 'us-west-2'}
    west.create_bucket(Bucket='boto3-west', CreateBucketConfiguration=constraint)
    assert west.get_bucket_location(Bucket='boto3-west')['LocationConstraint'] == 'us-west-2'
    refused(
        lambda: west.create_bucket(Bucket='boto3-west', CreateBucketConfiguration=constraint),
        'BucketAlreadyOwnedByYou',
        409,
    )
    refused(lambda: west.create_bucket(Bucket='boto3-west2'), 'IllegalLocationConstraintException', 400)
    west.delete_bucket(Bucket='boto3-west')
    nowhere = {'LocationConstraint': 'nowhere'}
    refused(
        lambda: s3.create_bucket(Bucket='boto3-nowhere', CreateBucketConfiguration=nowhere), 'InvalidLocationConstraint', 400
    )


def objects():
    body = 'hello, wörld'.encode()
    expires = datetime.datetime(2030, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
    put = s3.put_object(
        Bucket=BUCKET,
        Key='dir/greeting.txt',
        Body=body,
        ContentType='text/plain; charset=utf-8',
        CacheControl='max-age=60',
        ContentEncoding='identity',
        Expires=expires,
        Metadata={'Team': 'ml', 'note': 'plain'},
        Tagging='stage=prod&x=y',
    )
    assert put['ETag'] == f'"{hashlib.md5(body).hexdigest()}"', put
    assert base64.b64decode(put['ChecksumCRC32']) == zlib.crc32(body).to_bytes(4, 'big'), put
    got = s3.get_object(Bucket=BUCKET, Key='dir/greeting.txt')
    assert got['Body'].read() == body
    assert got['ContentLength'] == len(body)
    assert got['ContentType'] == 'text/plain; charset=utf-8'
    assert got['CacheControl'] == 'max-age=60'
    assert got['ContentEncoding'] == 'identity'
    assert got['Metadata'] == {'team': 'ml', 'note': 'plain'}, got
    assert got['Expires'] == expires, got['Expires']
    assert got['TagCount'] == 2
    assert got['ResponseMetadata']['HTTPStatusCode'] == 200
    head = s3.head_object(Bucket=BUCKET, Key='dir/greeting.txt')
    assert head['ETag'] == put['ETag'] and head['ContentLength'] == len(body)
    assert head['LastModified'] == got['LastModified']
    age = datetime.datetime.now(datetime.timezone.utc) - head['LastModified']
    assert abs(age.total_seconds()) < 60
    part = s3.get_object(Bucket=BUCKET, Key='dir/greeting.txt', Range='bytes=7-')
    assert part['Body'].read() == body[7:]
    assert part['ResponseMetadata']['HTTPStatusCode'] == 206
    assert part['ContentRange'] == f'bytes 7-{len(body) - 1}/{len(body)}'
    unsatisfiable = refused(lambda: s3.get_object(Bucket=BUCKET, Key='dir/greeting.txt', Range='bytes=99-'), 'InvalidRange', 416)
    assert unsatisfiable['Error']['ActualObjectSize'] == str(len(body)), unsatisfiable
    missing = refused(lambda: s3.get_object(Bucket=BUCKET, Key='none'), 'NoSuchKey', 404)
    assert missing['Error']['Key'] == 'none'
    refused(lambda: s3.head_object(Bucket=BUCKET, Key='none'), '404', 404)
    tags = s3.get_object_tagging(Bucket=BUCKET, Key='dir/greeting.txt')['TagSet']
    assert tags == [{'Key': 'stage', 'Value': 'prod'}, {'Key': 'x', 'Value': 'y'}], tags
    attributes = s3.get_object_attributes(
        Bucket=BUCKET, Key='dir/greeting.txt', ObjectAttributes=['ETag', 'ObjectSize', 'Checksum', 'StorageClass']
    )
    assert attributes['ObjectSize'] == len(body) and attributes['ETag'] == put['ETag'].strip('"'), attributes
    assert attributes['Checksum']['ChecksumCRC32'] == put['ChecksumCRC32']
    s3.put_object(Bucket=BUCKET, Key='empty')
    assert s3.get_object(Bucket=BUCKET, Key='empty')['Body'].read() == b''


def conditions():
    etag = s3.put_object(Bucket=BUCKET, Key='c', Body=b'1')['ETag']
    modified = s3.head_object(Bucket=BUCKET, Key='c')['LastModified']
    s3.get_object(Bucket=BUCKET, Key='c', IfMatch=etag)['Body'].read()
    unchanged = refused(lambda: s3.get_object(Bucket=BUCKET, Key='c', IfNoneMatch=etag), '304', 304)
    assert unchanged['ResponseMetadata']['HTTPHeaders']['etag'] == etag
    refused(lambda: s3.head_object(Bucket=BUCKET, Key='c', IfModifiedSince=modified), '304', 304)
    refused(lambda: s3.get_object(Bucket=BUCKET, Key='c', IfMatch='"x"'), 'PreconditionFailed', 412)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='c', Body=b'2', IfNoneMatch='*'), 'PreconditionFailed', 412)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='c', Body=b'2', IfMatch='"x"'), 'PreconditionFailed', 412)
    s3.put_object(Bucket=BUCKET, Key='c', Body=b'2', IfMatch=etag)
    assert s3.get_object(Bucket=BUCKET, Key='c')['Body'].read() == b'2'
    s3.delete_object(Bucket=BUCKET, Key='c')
    s3.put_object(Bucket=BUCKET, Key='c', Body=b'3', IfNoneMatch='*')


def keys():
    names = ['a b+c&d=?#%', '../up', '/lead', 'x//y', 'ünï/🌊', '.', '..', "q'\"<>", 'tab\tnew\nline', 'k' * 1024]
    for name in names:
        s3.put_object(Bucket=BUCKET, Key='keys/' + name if len(name) < 1000 else name, Body=name.encode())
    for name in names[:-1]:
        assert s3.get_object(Bucket=BUCKET, Key='keys/' + name)['Body'].read() == name.encode(), name
    listed = [entry['Key'] for entry in s3.list_objects_v2(Bucket=BUCKET, Prefix='keys/')['Contents']]
    assert listed == sorted(('keys/' + name for name in names[:-1]), key=lambda key: key.encode()), listed
    v1 = [entry['Key'] for entry in s3.list_objects(Bucket=BUCKET, Prefix='keys/')['Contents']]
    assert v1 == listed
    too_long = refused(lambda: s3.put_object(Bucket=BUCKET, Key='k' * 1025), 'KeyTooLongError', 400)
    assert too_long['Error']['MaxSizeAllowed'] == '1024', too_long
    done = s3.delete_objects(Bucket=BUCKET, Delete={'Objects': [{'Key': key} for key in listed + ['keys/never']]})
    assert len(done['Deleted']) == len(listed) + 1 and 'Errors' not in done, done
    assert s3.list_objects_v2(Bucket=BUCKET, Prefix='keys/')['KeyCount'] == 0
    quiet = s3.delete_objects(Bucket=BUCKET, Delete={'Objects': [{'Key': 'k' * 1024}], 'Quiet': True})
    assert 'Deleted' not in quiet, quiet


def lists():
    for number in range(23):
        s3.put_object(Bucket=BUCKET, Key=f'list/{number % 5}/{number:02}', Body=b'x')
    pages = list(s3.get_paginator('list_objects_v2').paginate(Bucket=BUCKET, Prefix='list/', PaginationConfig={'PageSize': 4}))
    assert sum(page['KeyCount'] for page in pages) == 23 and len(pages) == 6, [page['KeyCount'] for page in pages]
    for operation in ['list_objects', 'list_objects_v2']:
        pages = s3.get_paginator(operation).paginate(
            Bucket=BUCKET, Prefix='list/', Delimiter='/', PaginationConfig={'PageSize': 2}
        )
        prefixes = [prefix['Prefix'] for page in pages for prefix in page.get('CommonPrefixes', [])]
        assert prefixes == [f'list/{number}/' for number in range(5)], prefixes
    after = s3.list_objects_v2(Bucket=BUCKET, Prefix='list/', StartAfter='list/4/09', FetchOwner=True)
    assert [entry['Key'] for entry in after['Contents']] == ['list/4/14', 'list/4/19'], after
    assert len(after['Contents'][0]['Owner']['ID']) == 64
    versions = s3.get_paginator('list_object_versions').paginate(
        Bucket=BUCKET, Prefix='list/', PaginationConfig={'PageSize': 10}
    )
    assert sum(len(page['Versions']) for page in versions) == 23
    refused(lambda: s3.list_objects_v2(Bucket=BUCKET, ContinuationToken='none'), 'InvalidArgument', 400)
    assert s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)['KeyCount'] == 0


def copies():
    s3.put_object(Bucket=BUCKET, Key='src ü', Body=b'source', ContentType='text/x', Metadata={'a': '1'})
    source = {'Bucket': BUCKET, 'Key': 'src ü'}
    copied = s3.copy_object(Bucket=BUCKET, Key='copy', CopySource=source)
    assert copied['CopyObjectResult']['ETag'] == f'"{hashlib.md5(b"source").hexdigest()}"', copied
    assert s3.head_object(Bucket=BUCKET, Key='copy')['Metadata'] == {'a': '1'}
    s3.copy_object(Bucket=BUCKET, Key='copy', CopySource=source, MetadataDirective='REPLACE', Metadata={'b': '2'})
    assert s3.head_object(Bucket=BUCKET, Key='copy')['Metadata'] == {'b': '2'}
    refused(lambda: s3.copy_object(Bucket=BUCKET, Key='src ü', CopySource=source), 'InvalidRequest', 400)
    refused(
        lambda: s3.copy_object(Bucket=BUCKET, Key='copy', CopySource=source, CopySourceIfMatch='"x"'),
        'PreconditionFailed',
        412,
    )


def multipart():
    parts = [os.urandom(5 * MIB), os.urandom(5 * MIB), b'end']
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key='mpu', ContentType='application/x-tar')['UploadId']
    done = []
    for number, part in enumerate(parts, 1):
        answer = s3.upload_part(Bucket=BUCKET, Key='mpu', UploadId=upload, PartNumber=number, Body=part)
        assert answer['ETag'] == f'"{hashlib.md5(part).hexdigest()}"'
        done.append({'PartNumber': number, 'ETag': answer['ETag']})
    listed = s3.list_parts(Bucket=BUCKET, Key='mpu', UploadId=upload)
    assert [part['Size'] for part in listed['Parts']] == [len(part) for part in parts], listed
    assert [entry['Key'] for entry in s3.list_multipart_uploads(Bucket=BUCKET)['Uploads']] == ['mpu']
    complete = {'Bucket': BUCKET, 'Key': 'mpu', 'UploadId': upload}
    refused(lambda: s3.complete_multipart_upload(**complete, MultipartUpload={'Parts': done[::-1]}), 'InvalidPartOrder', 400)
    answer = s3.complete_multipart_upload(**complete, MultipartUpload={'Parts': done})
    digest = hashlib.md5(b''.join(hashlib.md5(part).digest() for part in parts)).hexdigest()
    assert answer['ETag'] == f'"{digest}-3"', answer
    assert answer['Location'] == f'{ENDPOINT}/{BUCKET}/mpu', answer
    got = s3.get_object(Bucket=BUCKET, Key='mpu')
    assert got['Body'].read() == b''.join(parts) and got['ContentType'] == 'application/x-tar'
    second = s3.get_object(Bucket=BUCKET, Key='mpu', PartNumber=2)
    assert second['PartsCount'] == 3 and second['Body'].read() == parts[1]
    target = s3.create_multipart_upload(Bucket=BUCKET, Key='mpu2', ChecksumAlgorithm='SHA256')['UploadId']
    source = {'Bucket': BUCKET, 'Key': 'mpu'}
    copied = s3.upload_part_copy(
        Bucket=BUCKET, Key='mpu2', UploadId=target, PartNumber=1, CopySource=source, CopySourceRange=f'bytes=1-{5 * MIB}'
    )['CopyPartResult']
    listed = {'PartNumber': 1, 'ETag': copied['ETag'], 'ChecksumSHA256': copied['ChecksumSHA256']}
    whole = s3.complete_multipart_upload(Bucket=BUCKET, Key='mpu2', UploadId=target, MultipartUpload={'Parts': [listed]})
    assert whole['ChecksumType'] == 'COMPOSITE' and whole['ChecksumSHA256'].endswith('-1'), whole
    assert s3.get_object(Bucket=BUCKET, Key='mpu2')['Body'].read() == b''.join(parts)[1 : 5 * MIB + 1]
    again = s3.create_multipart_upload(Bucket=BUCKET, Key='mpu3')['UploadId']
    s3.abort_multipart_upload(Bucket=BUCKET, Key='mpu3', UploadId=again)
    gone = {'Bucket': BUCKET, 'Key': 'mpu3', 'UploadId': again}
    refused(lambda: s3.upload_part(**gone, PartNumber=1, Body=b'x'), 'NoSuchUpload', 404)


def transfers():
    config = TransferConfig(multipart_threshold=8 * MIB, multipart_chunksize=8 * MIB, max_concurrency=4)
    content = os.urandom(20 * MIB + 3)
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/model.tar.gz'
        with open(path, 'wb') as file:
            file.write(content)
        s3.upload_file(path, BUCKET, 'transfer', Config=config, ExtraArgs={'Metadata': {'by': 'transfer'}})
        head = s3.head_object(Bucket=BUCKET, Key='transfer')
        assert head['ETag'].endswith('-3"') and head['Metadata'] == {'by': 'transfer'}, head
        s3.download_file(BUCKET, 'transfer', f'{folder}/back', Config=config)
        with open(f'{folder}/back', 'rb') as file:
            assert file.read() == content
    s3.copy({'Bucket': BUCKET, 'Key': 'transfer'}, BUCKET, 'transfer-copy', Config=config)
    assert s3.get_object(Bucket=BUCKET, Key='transfer-copy')['Body'].read() == content
    small = io.BytesIO(b'small')
    s3.upload_fileobj(small, BUCKET, 'small', ExtraArgs={'ChecksumAlgorithm': 'SHA256'})
    assert s3.head_object(Bucket=BUCKET, Key='small', ChecksumMode='ENABLED')['ChecksumSHA256']


def checksums():
    for algorithm in ['CRC32', 'SHA1', 'SHA256']:
        put = s3.put_object(Bucket=BUCKET, Key='sum', Body=b'abc', ChecksumAlgorithm=algorithm)
        head = s3.head_object(Bucket=BUCKET, Key='sum', ChecksumMode='ENABLED')
        assert head[f'Checksum{algorithm}'] == put[f'Checksum{algorithm}'] and head['ChecksumType'] == 'FULL_OBJECT', head
    # By itself boto3 tries again when a digest did not match.
    once = boto3.client('s3', config=Config(retries={'total_max_attempts': 1}))
    wrong = base64.b64encode(hashlib.sha256(b'other').digest()).decode()
    refused(lambda: once.put_object(Bucket=BUCKET, Key='bad', Body=b'abc', ChecksumSHA256=wrong), 'BadDigest', 400)
    md5 = base64.b64encode(hashlib.md5(b'other').digest()).decode()
    refused(lambda: once.put_object(Bucket=BUCKET, Key='bad', Body=b'abc', ContentMD5=md5), 'BadDigest', 400)
    refused(lambda: s3.head_object(Bucket=BUCKET, Key='bad'), '404', 404)


def chunked():
    """An upload as SDKs send it over TLS: unsigned aws-chunked with the checksum behind the body."""

    def send(key, content, checksum):
        class Given(Crc32Checksum):
            def b64digest(self):
                return checksum or super().b64digest()

        wrapper = AwsChunkedWrapper(io.BytesIO(content), checksum_cls=Given, checksum_name='x-amz-checksum-crc32', chunk_size=64 * 1024)
        request = AWSRequest(
            method='PUT',
            url=f'{ENDPOINT}/{BUCKET}/{key}',
            data=wrapper.read(),
            headers={
                'Content-Encoding': 'aws-chunked',
                'X-Amz-Trailer': 'x-amz-checksum-crc32',
                'X-Amz-Decoded-Content-Length': str(len(content)),
                'X-Amz-Content-SHA256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
            },
        )
        credentials = boto3.Session().get_credentials()

        class Auth(S3SigV4Auth):
            def payload(self, _request):
                return 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'

        Auth(credentials, 's3', 'us-east-1').add_auth(request)
        prepared = request.prepare()
        try:
            with urllib.request.urlopen(
                urllib.request.Request(prepared.url, data=prepared.body, headers=dict(prepared.headers), method='PUT')
            ) as response:
                return response.status, dict(response.headers)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    content = os.urandom(300_000)
    status, headers = send('chunked', content, None)
    crc = base64.b64encode(zlib.crc32(content).to_bytes(4, 'big')).decode()
    assert status == 200 and headers['x-amz-checksum-crc32'] == crc, (status, headers)
    got = s3.get_object(Bucket=BUCKET, Key='chunked')
    assert got['Body'].read() == content and 'ContentEncoding' not in got
    status, answer = send('chunked-bad', content, base64.b64encode(b'\0\0\0\1').decode())
    assert status == 400 and '<Code>BadDigest</Code>' in answer, (status, answer)
    refused(lambda: s3.head_object(Bucket=BUCKET, Key='chunked-bad'), '404', 404)


def presigned():
    s3.put_object(Bucket=BUCKET, Key='signed', Body=b'by link')
    get = s3.generate_presigned_url('get_object', {'Bucket': BUCKET, 'Key': 'signed', 'ResponseContentType': 'text/html'})
    with urllib.request.urlopen(get) as response:
        assert response.read() == b'by link' and response.headers['Content-Type'] == 'text/html'
    v4 = boto3.client('s3', config=Config(signature_version='s3v4', s3={'addressing_style': 'path'}))
    put = v4.generate_presigned_url('put_object', {'Bucket': BUCKET, 'Key': 'signed'})
    urllib.request.urlopen(urllib.request.Request(put, data=b'new', method='PUT')).read()
    assert s3.get_object(Bucket=BUCKET, Key='signed')['Body'].read() == b'new'
    try:
        urllib.request.urlopen(get.replace('signed?', 'other?'))
        raise AssertionError('a link for another key was taken')
    except urllib.error.HTTPError as error:
        assert error.code == 403 and '<Code>SignatureDoesNotMatch</Code>' in error.read().decode()
    try:
        urllib.request.urlopen(f'{ENDPOINT}/{BUCKET}/signed')
        raise AssertionError('a request without a signature was taken')
    except urllib.error.HTTPError as error:
        assert error.code == 403 and '<Code>AccessDenied</Code>' in error.read().decode()


def virtual_hosts():
    endpoint = ENDPOINT.replace('127.0.0.1', 'localhost')
    lookup = socket.getaddrinfo
    # Not every resolver knows the names below localhost.
    socket.getaddrinfo = lambda host, *more, **options: lookup('127.0.0.1', *more, **options)
    virtual = boto3.client('s3', endpoint_url=endpoint, config=Config(s3={'addressing_style': 'virtual'}))
    hosts = []
    virtual.meta.events.register('before-send.s3', lambda request, **_: hosts.append(request.url))
    virtual.put_object(Bucket=BUCKET, Key='a/virtual key', Body=b'host')
    assert f'//{BUCKET}.localhost' in hosts[0], hosts
    assert virtual.get_object(Bucket=BUCKET, Key='a/virtual key')['Body'].read() == b'host'
    assert s3.get_object(Bucket=BUCKET, Key='a/virtual key')['Body'].read() == b'host'
    assert [e['Key'] for e in virtual.list_objects_v2(Bucket=BUCKET, Prefix='a/')['Contents']] == ['a/virtual key']


def encryption():
    kms = boto3.client('kms')
    bucket = 'boto3-encrypted'
    s3.create_bucket(Bucket=bucket)
    [rule] = s3.get_bucket_encryption(Bucket=bucket)['ServerSideEncryptionConfiguration']['Rules']
    assert rule['ApplyServerSideEncryptionByDefault'] == {'SSEAlgorithm': 'AES256'}, rule
    put = s3.put_object(Bucket=bucket, Key='plain', Body=b'hello')
    assert put['ServerSideEncryption'] == 'AES256' and put['ETag'] == f'"{hashlib.md5(b"hello").hexdigest()}"', put

    key = kms.create_key()['KeyMetadata']['Arn']
    body = os.urandom(300_000)
    put = s3.put_object(
        Bucket=bucket, Key='k', Body=body, ServerSideEncryption='aws:kms', SSEKMSKeyId=key,
        SSEKMSEncryptionContext=base64.b64encode(b'{"team": "ml"}').decode(),
    )
    assert put['ServerSideEncryption'] == 'aws:kms' and put['SSEKMSKeyId'] == key, put
    assert put['ETag'] != f'"{hashlib.md5(body).hexdigest()}"'
    got = s3.get_object(Bucket=bucket, Key='k')
    assert got['Body'].read() == body and got['SSEKMSKeyId'] == key
    for first, last in [(0, 0), (65535, 65536), (131071, 200_000), (299_999, 299_999)]:
        part = s3.get_object(Bucket=bucket, Key='k', Range=f'bytes={first}-{last}')['Body'].read()
        assert part == body[first:last + 1], (first, last)
    assert s3.head_object(Bucket=bucket, Key='k')['ServerSideEncryption'] == 'aws:kms'

    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={'Rules': [{
        'ApplyServerSideEncryptionByDefault': {'SSEAlgorithm': 'aws:kms', 'KMSMasterKeyID': key},
        'BucketKeyEnabled': True,
    }]})
    s3.copy_object(Bucket=bucket, Key='copy', CopySource=f'{bucket}/plain')
    head = s3.head_object(Bucket=bucket, Key='copy')
    assert head['SSEKMSKeyId'] == key and head['BucketKeyEnabled'] is True, head
    assert s3.get_object(Bucket=bucket, Key='copy')['Body'].read() == b'hello'
    with tempfile.TemporaryDirectory() as folder:
        sent, received = os.path.join(folder, 'sent'), os.path.join(folder, 'received')
        large = os.urandom(20 * MIB)
        with open(sent, 'wb') as file:
            file.write(large)
        s3.upload_file(sent, bucket, 'large')
        assert s3.head_object(Bucket=bucket, Key='large')['ETag'].endswith('-3"')
        s3.download_file(bucket, 'large', received)
        with open(received, 'rb') as file:
            assert file.read() == large
    boto3.resource('s3').Object(bucket, 'large-copy').copy(
        {'Bucket': bucket, 'Key': 'large'}, ExtraArgs={'ServerSideEncryption': 'AES256'}
    )
    copied = s3.get_object(Bucket=bucket, Key='large-copy')
    assert copied['Body'].read() == large and copied['ServerSideEncryption'] == 'AES256'

    v4 = boto3.client('s3', config=Config(signature_version='s3v4', s3={'addressing_style': 'path'}))
    link = v4.generate_presigned_url('put_object', {
        'Bucket': bucket, 'Key': 'signed', 'ServerSideEncryption': 'aws:kms', 'SSEKMSKeyId': key,
    })
    headers = {'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': key}
    urllib.request.urlopen(urllib.request.Request(link, data=b'by link', method='PUT', headers=headers)).read()
    link = v4.generate_presigned_url('get_object', {'Bucket': bucket, 'Key': 'signed'})
    with urllib.request.urlopen(link) as response:
        assert response.read() == b'by link'
        assert response.headers['x-amz-server-side-encryption-aws-kms-key-id'] == key

    kms.disable_key(KeyId=key)
    error = refused(lambda: s3.get_object(Bucket=bucket, Key='k'), 'KMS.DisabledException', 400)
    assert error['Error']['Message'] == f'{key} is disabled.', error
    refused(lambda: s3.put_object(Bucket=bucket, Key='x', Body=b''), 'KMS.DisabledException', 400)
    kms.enable_key(KeyId=key)
    wrong = refused(
        lambda: s3.put_object(Bucket=bucket, Key='x', Body=b'', SSEKMSKeyId=key, ServerSideEncryption='AES256'),
        'InvalidArgument',
        400,
    )
    assert wrong['Error']['ArgumentName'] == 'x-amz-server-side-encryption', wrong
    west = boto3.client('kms', region_name='us-west-2').create_key()['KeyMetadata']['Arn']
    elsewhere = refused(
        lambda: s3.put_object(Bucket=bucket, Key='x', Body=b'', ServerSideEncryption='aws:kms', SSEKMSKeyId=west),
        'KMS.NotFoundException',
        400,
    )
    assert elsewhere['Error']['Message'] == 'Invalid arn us-west-2', elsewhere
    refused(lambda: s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={'Rules': []}), 'MalformedXML', 400)
    s3.delete_bucket_encryption(Bucket=bucket)
    assert s3.put_object(Bucket=bucket, Key='after', Body=b'')['ServerSideEncryption'] == 'AES256'
    empty(bucket)
    s3.delete_bucket(Bucket=bucket)


def refusals():
    refused(lambda: s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={'Status': 'Enabled'}), 'NotImplemented', 501)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', ServerSideEncryption='aws:kms:dsse'), 'NotImplemented', 501)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', SSECustomerAlgorithm='AES256', SSECustomerKey='k' * 32), 'NotImplemented', 501)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', ACL='public-read'), 'AccessControlListNotSupported', 400)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', StorageClass='GLACIER'), 'NotImplemented', 501)
    refused(lambda: s3.get_bucket_cors(Bucket=BUCKET), 'NotImplemented', 501)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', Metadata={'k': 'v' * 2048}), 'MetadataTooLarge', 400)
    refused(lambda: s3.put_object(Bucket=BUCKET, Key='x', Body=b'', Tagging='a=1&a=2'), 'InvalidArgument', 400)


def large():
    """More bytes than anybody would hold in memory, in and out as a stream."""
    size = int(os.environ.get('LARGE_BYTES', 300 * MIB))
    block = os.urandom(MIB)
    sent = hashlib.sha256()

    class Source:
        at = 0

        def read(self, count=-1):
            left = size - self.at
            count = left if count < 0 else min(count, left)
            start = self.at % MIB
            chunk = (block[start:] + block * (count // MIB + 1))[:count]
            self.at += count
            sent.update(chunk)
            return chunk

    s3.upload_fileobj(Source(), BUCKET, 'large', Config=TransferConfig(multipart_chunksize=16 * MIB, max_concurrency=2))
    received = hashlib.sha256()
    got = s3.get_object(Bucket=BUCKET, Key='large')
    assert got['ContentLength'] == size
    for chunk in got['Body'].iter_chunks(MIB):
        received.update(chunk)
    assert received.digest() == sent.digest()


CHECKS = [
    buckets, objects, conditions, keys, lists, copies, multipart, transfers, checksums, chunked, presigned, virtual_hosts,
    encryption,
    refusals,
]

s3.create_bucket(Bucket=BUCKET)
passed = []
for check in [globals()[name] for name in sys.argv[1:]] or CHECKS:
    check()
    passed.append(check.__name__)
empty(BUCKET)
s3.delete_bucket(Bucket=BUCKET)
print(json.dumps(passed))
