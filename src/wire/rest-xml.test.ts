import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { loadService } from '../model/service-description.ts'
import type { WireRequest } from './protocol.ts'
import { restXml } from './rest-xml.ts'
import { ServiceError } from './service-error.ts'

const s3 = loadService('s3')

function request(method: string, target: string, headers: Record<string, string> = {}): WireRequest {
  const [path = '', query = ''] = target.split('?')
  return { method, path, query, headers }
}

/** A document travels with its digest, as some operations demand. */
const decode = (wire: WireRequest, body: string | Uint8Array | Readable = '') => {
  const detected = restXml.detect(s3, wire)
  if (detected === undefined) throw new Error('No operation.')
  const content = typeof body === 'string' ? Buffer.from(body) : body
  if (!(content instanceof Uint8Array)) return restXml.decode(s3, detected, wire, content)
  const headers = { ...wire.headers, 'content-md5': createHash('md5').update(content).digest('base64') }
  return restXml.decode(s3, detected, { ...wire, headers }, content)
}

describe('S3 detection', () => {
  const copy = { 'x-amz-copy-source': 'b/k' }
  it.each<[string, string, string, Record<string, string>?]>([
    ['GET', '/', 'ListBuckets'],
    ['PUT', '/b', 'CreateBucket'],
    ['PUT', '/b/', 'CreateBucket'],
    ['HEAD', '/b', 'HeadBucket'],
    ['DELETE', '/b', 'DeleteBucket'],
    ['GET', '/b', 'ListObjects'],
    ['GET', '/b/', 'ListObjects'],
    ['GET', '/b?prefix=a', 'ListObjects'],
    ['GET', '/b?list-type=2&prefix=a', 'ListObjectsV2'],
    ['GET', '/b?list-type=1', 'ListObjects'],
    ['GET', '/b?location', 'GetBucketLocation'],
    ['GET', '/b?location=', 'GetBucketLocation'],
    ['GET', '/b?versioning', 'GetBucketVersioning'],
    ['GET', '/b?versions', 'ListObjectVersions'],
    ['GET', '/b?uploads', 'ListMultipartUploads'],
    ['GET', '/b?tagging', 'GetBucketTagging'],
    ['GET', '/b?policy', 'GetBucketPolicy'],
    ['GET', '/b?analytics', 'ListBucketAnalyticsConfigurations'],
    ['GET', '/b?analytics&id=1', 'GetBucketAnalyticsConfiguration'],
    ['POST', '/b?delete', 'DeleteObjects'],
    ['GET', '/b/k', 'GetObject'],
    ['GET', '/b/k?x-id=GetObject', 'GetObject'],
    ['HEAD', '/b/k', 'HeadObject'],
    ['PUT', '/b/k', 'PutObject'],
    ['PUT', '/b/k', 'CopyObject', copy],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPart'],
    ['PUT', '/b/k?partNumber=1&uploadId=u', 'UploadPartCopy', copy],
    ['PUT', '/b/k?partNumber=1', 'UploadPart'],
    ['PUT', '/b/k?uploadId=u', 'UploadPart'],
    ['PUT', '/b/k?uploadId=u', 'UploadPartCopy', copy],
    ['DELETE', '/b/k', 'DeleteObject'],
    ['DELETE', '/b/k?uploadId=u', 'AbortMultipartUpload'],
    ['POST', '/b/k?uploads', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploads=', 'CreateMultipartUpload'],
    ['POST', '/b/k?uploadId=u', 'CompleteMultipartUpload'],
    ['GET', '/b/k?uploadId=u', 'ListParts'],
    ['GET', '/b/k?attributes', 'GetObjectAttributes'],
    ['GET', '/b/k?attributes', 'GetObjectAttributes', { 'x-amz-object-attributes': 'ETag' }],
    ['GET', '/b/k?tagging', 'GetObjectTagging'],
    ['GET', '/b/k?acl', 'GetObjectAcl'],
    ['POST', '/b/k?select&select-type=2', 'SelectObjectContent'],
  ])('%s %s is %s', (method, target, name, headers) => {
    expect(restXml.detect(s3, request(method, target, headers))?.operation.name).toBe(name)
  })

  it.each([
    ['DELETE', '/b?acl'],
    ['DELETE', '/b?uploads'],
    ['DELETE', '/b/k?retention='],
    ['PUT', '/b/k?uploads'],
    ['GET', '/b/k?delete'],
    ['GET', '/b/k?acl&tagging'],
  ])('%s %s is no operation on what holds the subresource', (method, target) => {
    expect(restXml.detect(s3, request(method, target))).toBeUndefined()
  })

  it('refuses NUL in the query', () => {
    expect(() => restXml.detect(s3, request('GET', '/b?prefix=a%00'))).toThrow(
      expect.objectContaining({ code: 'InvalidURI' }),
    )
  })

  it.each([
    ['/b/k', 'k'],
    ['/b/a/b/c', 'a/b/c'],
    ['/b/dir/', 'dir/'],
    ['/b//a', '/a'],
    ['/b//', '/'],
    ['/b/a//b', 'a//b'],
    ['/b/a%2Fb', 'a/b'],
    ['/b/a%252Fb', 'a%2Fb'],
    ['/b/../../etc/passwd', '../../etc/passwd'],
    ['/b/.', '.'],
    ['/b/a+b%20c', 'a+b c'],
    ['/b/%C3%BC%F0%9F%98%80', 'ü😀'],
    ['/b/%00', '\0'],
  ])('%s has the key %j', (path, key) => {
    expect(restXml.detect(s3, request('GET', path))?.labels).toEqual({ Bucket: 'b', Key: key })
  })

  it('refuses broken percent-encoding', () => {
    for (const path of ['/b/%', '/b/%zz', '/b/%ff']) {
      expect(() => restXml.detect(s3, request('GET', path))).toThrowError(
        expect.objectContaining({ code: 'InvalidURI' }),
      )
    }
  })

  it('answers a method that the resource has not', () => {
    const wire = request('PATCH', '/b/k')
    expect(restXml.detect(s3, wire)).toBeUndefined()
    expect(restXml.unknownOperation(s3, wire)).toMatchObject({ code: 'MethodNotAllowed', status: 405 })
  })
})

describe('S3 requests', () => {
  it('are read from path, query, headers and XML', () => {
    const body =
      '<?xml version="1.0"?><Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Object><Key>a&amp;b&#13;</Key></Object><Object><Key><![CDATA[<c>]]></Key><VersionId>v</VersionId></Object><Quiet>true</Quiet></Delete>'
    expect(decode(request('POST', '/b?delete'), body)).toEqual({
      Bucket: 'b',
      Delete: { Objects: [{ Key: 'a&b\r' }, { Key: '<c>', VersionId: 'v' }], Quiet: true },
    })
  })

  it('collect user metadata from headers, in UTF-8', () => {
    const raw = Buffer.from('größe', 'utf8').toString('latin1')
    const input = decode(
      request('PUT', '/b/k', { 'x-amz-meta-a': '1', 'x-amz-meta-b': raw, 'x-amz-meta-': 'none' }),
      Readable.from([]),
    )
    expect(input.Metadata).toEqual({ a: '1', b: 'größe' })
  })

  it('hold metadata with hostile names as plain data', () => {
    const headers = Object.fromEntries([['x-amz-meta-__proto__', 'x']])
    const input = decode(request('PUT', '/b/k', headers), Readable.from([])) as { Metadata: object }
    expect(Object.keys(input.Metadata)).toEqual(['__proto__'])
  })

  it('read times and lists in headers', () => {
    const headers = { 'if-modified-since': 'Tue, 06 Aug 2024 12:00:00 GMT' }
    expect(decode(request('GET', '/b/k', headers))).toMatchObject({ IfModifiedSince: 1_722_945_600_000 })
    expect(decode(request('GET', '/b/k?attributes', { 'x-amz-object-attributes': 'ETag, ObjectSize' }))).toMatchObject({
      ObjectAttributes: ['ETag', 'ObjectSize'],
    })
  })

  it('may come without the document that is optional', () => {
    expect(decode(request('PUT', '/b'))).toEqual({ Bucket: 'b' })
  })

  it('name the argument that is no number', () => {
    expect(() => decode(request('GET', '/b?list-type=2&max-keys=many'))).toThrowError(
      expect.objectContaining({
        code: 'InvalidArgument',
        members: { ArgumentName: 'max-keys', ArgumentValue: 'many' },
      }),
    )
  })

  it.each([
    ['no XML', 'Key=a'],
    ['cut short', '<Delete><Object>'],
    ['of another root', '<Tagging/>'],
    ['with a document type', '<!DOCTYPE a [<!ENTITY x "y">]><Delete><Object><Key>&x;</Key></Object></Delete>'],
    ['with an external entity', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><Delete/>'],
    ['with an unknown entity', '<Delete><Object><Key>&x;</Key></Object></Delete>'],
    ['with a wrong type', '<Delete><Quiet>perhaps</Quiet></Delete>'],
    ['nested deeply', '<Delete>'.repeat(100_000)],
  ])('%s are refused', (_, body) => {
    expect(() => decode(request('POST', '/b?delete'), body)).toThrowError(
      expect.objectContaining({ code: 'MalformedXML', status: 400 }),
    )
  })

  it('that are not UTF-8 are refused', () => {
    expect(() => decode(request('POST', '/b?delete'), Buffer.from([0x3c, 0xff]))).toThrowError(
      expect.objectContaining({ code: 'MalformedXML' }),
    )
  })
})

describe('S3 responses', () => {
  const encode = (name: string, output: unknown) => restXml.encode(s3, s3.operations.get(name)!, output, 'id-1')

  it('have the root element that clients expect, flattened lists and escaped text', () => {
    const output = {
      Name: 'b',
      Contents: [
        {
          Key: 'a<&>\r\u0001',
          Size: 3,
          LastModified: 1_722_945_600_123,
          ETag: '"e"',
          ChecksumAlgorithm: ['CRC32', 'SHA1'],
        },
        { Key: 'b' },
      ],
      CommonPrefixes: [{ Prefix: 'p/' }],
      IsTruncated: false,
    }
    expect(encode('ListObjectsV2', output).body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>false</IsTruncated>' +
        '<Contents><Key>a&lt;&amp;&gt;&#xd;&#x1;</Key><LastModified>2024-08-06T12:00:00.123Z</LastModified><ETag>&quot;e&quot;</ETag>' +
        '<ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumAlgorithm>SHA1</ChecksumAlgorithm><Size>3</Size></Contents>' +
        '<Contents><Key>b</Key></Contents><Name>b</Name><CommonPrefixes><Prefix>p/</Prefix></CommonPrefixes></ListBucketResult>',
    )
  })

  it('hold the region itself in GetBucketLocation', () => {
    const start =
      '<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    expect(encode('GetBucketLocation', { LocationConstraint: 'eu-west-1' }).body).toBe(
      `${start}eu-west-1</LocationConstraint>`,
    )
    expect(encode('GetBucketLocation', {}).body).toBe(`${start}</LocationConstraint>`)
  })

  it('answers a range with 206', () => {
    expect(encode('GetObject', { ContentRange: 'bytes 0-0/2' }).status).toBe(206)
    expect(encode('HeadObject', { ContentRange: 'bytes 0-0/2' }).status).toBe(206)
    expect(encode('GetObject', {}).status).toBe(200)
  })

  it('put members into headers, times as HTTP dates, and stream the body', () => {
    const body = Readable.from(['x'])
    const response = encode('GetObject', {
      Body: body,
      ETag: '"e"',
      LastModified: 1_722_945_600_123,
      ContentLength: 1,
      Metadata: { a: 'ü', b: 'c' },
    })
    expect(response).toEqual({
      status: 200,
      headers: {
        ETag: '"e"',
        'Last-Modified': 'Tue, 06 Aug 2024 12:00:00 GMT',
        'Content-Length': '1',
        'x-amz-meta-a': '=?UTF-8?B?w7w=?=',
        'x-amz-meta-b': 'c',
        'x-amz-request-id': 'id-1',
        'x-amz-id-2': expect.any(String),
      },
      body,
    })
  })

  it('have no body where there is nothing to say', () => {
    expect(encode('DeleteObject', {})).toMatchObject({ status: 204 })
    expect(encode('DeleteObject', {}).body).toBeUndefined()
    expect(encode('PutObject', { ETag: '"e"' }).body).toBeUndefined()
  })
})

describe('S3 errors', () => {
  it('are one document with resource and ids', () => {
    const error = new ServiceError('NoSuchKey', 'The specified key does not exist.', {
      status: 404,
      members: { Key: 'a<b' },
    })
    const response = restXml.encodeError(s3, error, 'id-1', '/b/a<b')
    expect(response.status).toBe(404)
    expect(response.headers).toMatchObject({ 'x-amz-request-id': 'id-1', 'Content-Type': 'application/xml' })
    expect(response.body).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message>' +
        `<Key>a&lt;b</Key><Resource>/b/a&lt;b</Resource><RequestId>id-1</RequestId><HostId>${response.headers['x-amz-id-2']}</HostId></Error>`,
    )
  })

  it('without body for what was not modified', () => {
    expect(restXml.encodeError(s3, new ServiceError('NotModified', 'm', { status: 304 }), 'id').body).toBeUndefined()
  })
})
