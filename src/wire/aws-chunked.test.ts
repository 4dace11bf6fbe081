import { createHmac, hash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { AwsChunkedDecoder, type ChunkedBody, readChunkedHeaders } from './aws-chunked.ts'
import { deriveSigningKey } from './sigv4/signing-key.ts'
import type { ChunkSeed } from './sigv4/verify.ts'

const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
const seedOf = (signature: string): ChunkSeed => ({
  key: deriveSigningKey(SECRET, '20130524', 'us-east-1', 's3'),
  timestamp: '20130524T000000Z',
  scope: '20130524/us-east-1/s3/aws4_request',
  signature,
})

// The uploads that AWS documents: 66,560 times the letter a, in chunks of 64 KiB.
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and …-trailers.html
const PAYLOAD = Buffer.alloc(66_560, 'a')
const SEED = '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9'
const SIGNED = [
  '10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n',
  PAYLOAD.subarray(0, 65_536),
  '\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n',
  PAYLOAD.subarray(65_536),
  '\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n',
]
const TRAILER_SEED = '106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e'
const TRAILER_SIGNED = [
  '10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n',
  PAYLOAD.subarray(0, 65_536),
  '\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n',
  PAYLOAD.subarray(65_536),
  '\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n',
  'x-amz-checksum-crc32c:sOO8/Q==\r\n',
  'x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n',
]

const join = (parts: readonly (string | Uint8Array)[]): Buffer => Buffer.concat(parts.map((part) => Buffer.from(part)))
const plain: ChunkedBody = { decodedLength: PAYLOAD.length, trailerNames: [] }
const withTrailer: ChunkedBody = { ...plain, trailerNames: ['x-amz-checksum-crc32c'] }

function pieces(bytes: Buffer, size: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < bytes.length; at += size) found.push(bytes.subarray(at, at + size))
  return found
}

async function decode(bytes: Buffer, body: ChunkedBody, seed?: ChunkSeed, size = 16_384) {
  const decoder = Readable.from(pieces(bytes, size)).pipe(new AwsChunkedDecoder(body, seed))
  const content = await buffer(decoder)
  return { content, trailers: Object.fromEntries(await decoder.trailers) }
}

const unsigned = (payload: Uint8Array, chunk: number, end = '0\r\n\r\n'): Buffer => {
  const parts: (string | Uint8Array)[] = []
  for (const piece of pieces(Buffer.from(payload), chunk)) parts.push(`${piece.length.toString(16)}\r\n`, piece, '\r\n')
  return join([...parts, end])
}

describe('an aws-chunked body', () => {
  it("is decoded and verified as in AWS's examples", async () => {
    const signed = await decode(join(SIGNED), plain, seedOf(SEED))
    expect(signed.content.equals(PAYLOAD)).toBe(true)
    const { content, trailers } = await decode(join(TRAILER_SIGNED), withTrailer, seedOf(TRAILER_SEED))
    expect(content.equals(PAYLOAD)).toBe(true)
    expect(trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' })
  })

  it('may be cut anywhere', async () => {
    const body = { decodedLength: 8193, trailerNames: ['x-amz-checksum-crc32'] }
    const payload = randomBytes(8193)
    const bytes = unsigned(payload, 8192, '0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n')
    for (const size of [1, 2, 3, 7, 8191, 8192, 8193, 8200]) {
      const { content, trailers } = await decode(bytes, body, undefined, size)
      expect(content.equals(payload)).toBe(true)
      expect(trailers).toEqual({ 'x-amz-checksum-crc32': 'AAAAAA==' })
    }
    for (const size of [1, 5, 97]) {
      const { content } = await decode(join(TRAILER_SIGNED), withTrailer, seedOf(TRAILER_SEED), size)
      expect(content.equals(PAYLOAD)).toBe(true)
    }
  })

  it('may be empty', async () => {
    const { content } = await decode(Buffer.from('0\r\n\r\n'), { decodedLength: 0, trailerNames: [] })
    expect(content).toHaveLength(0)
  })

  it('takes the line breaks of older clients before the trailer signature', async () => {
    const bytes = join(TRAILER_SIGNED).toString('latin1').replace('sOO8/Q==\r\n', 'sOO8/Q==\n\r\n')
    const { trailers } = await decode(Buffer.from(bytes, 'latin1'), withTrailer, seedOf(TRAILER_SEED))
    expect(trailers).toEqual({ 'x-amz-checksum-crc32c': 'sOO8/Q==' })
  })

  it('is refused when a byte, a signature or the order of the chunks is changed', async () => {
    const mismatch = { code: 'SignatureDoesNotMatch', status: 403 }
    const bytes = join(SIGNED)
    for (const at of [30, 100, 65_700, 66_700, bytes.length - 20]) {
      const changed = Buffer.from(bytes)
      changed[at] = changed[at] === 0x62 ? 0x63 : 0x62
      await expect(decode(changed, plain, seedOf(SEED)), String(at)).rejects.toMatchObject(mismatch)
    }
    await expect(decode(bytes, plain, seedOf(TRAILER_SEED))).rejects.toMatchObject(mismatch)
    const trailer = join(TRAILER_SIGNED).toString('latin1')
    for (const [from, to] of [
      ['sOO8/Q==', 'sOO9/Q=='],
      ['x-amz-trailer-signature:d', 'x-amz-trailer-signature:e'],
      ['x-amz-trailer-signature:d81', 'x-amz-trailer-signature:'],
    ] as const) {
      const changed = Buffer.from(trailer.replace(from, to), 'latin1')
      await expect(decode(changed, withTrailer, seedOf(TRAILER_SEED))).rejects.toMatchObject(mismatch)
    }
    const missing = Buffer.from(trailer.replace(/x-amz-trailer-signature:.*\r\n/, ''), 'latin1')
    await expect(decode(missing, withTrailer, seedOf(TRAILER_SEED))).rejects.toMatchObject({ code: 'IncompleteBody' })
    const without = Buffer.from(bytes.toString('latin1').replaceAll(/;chunk-signature=[0-9a-f]+/g, ''), 'latin1')
    await expect(decode(without, plain, seedOf(SEED))).rejects.toMatchObject(mismatch)
  })

  it('is refused wherever it is cut off', async () => {
    const payload = randomBytes(8200)
    const bytes = unsigned(payload, 8192, '0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n')
    const body = { decodedLength: 8200, trailerNames: ['x-amz-checksum-crc32'] }
    for (const end of [
      0,
      1,
      4,
      6,
      100,
      8197,
      8198,
      8200,
      8210,
      bytes.length - 30,
      bytes.length - 2,
      bytes.length - 1,
    ]) {
      await expect(decode(bytes.subarray(0, end), body), String(end)).rejects.toMatchObject({ code: 'IncompleteBody' })
    }
  })

  it('is refused when its framing is broken', async () => {
    const body = { decodedLength: 5, trailerNames: [] }
    for (const text of [
      'hello',
      'g\r\nhello\r\n0\r\n\r\n',
      '-5\r\nhello\r\n0\r\n\r\n',
      '0x5\r\nhello\r\n0\r\n\r\n',
      '5 \r\nhello\r\n0\r\n\r\n',
      '5\nhello\r\n0\r\n\r\n',
      '5\r\nhello0\r\n\r\n',
      '5\r\nhelloXX0\r\n\r\n',
      '4\r\nhell\r\n0\r\n\r\n',
      '6\r\nhello!\r\n0\r\n\r\n',
      'fffffffffffff\r\nhello\r\n0\r\n\r\n',
      'ffffffffffffffffff\r\nhello\r\n0\r\n\r\n',
      '5\r\nhello\r\n0\r\n\r\nmore',
      '5\r\nhello\r\n0\r\n\r\n0\r\n\r\n',
      '5;chunk-signature=xyz\r\nhello\r\n0\r\n\r\n',
      `5;${'x'.repeat(2_000)}\r\nhello\r\n0\r\n\r\n`,
      'x'.repeat(100_000),
    ]) {
      await expect(decode(Buffer.from(text), body), text.slice(0, 60)).rejects.toMatchObject({
        code: 'IncompleteBody',
        status: 400,
      })
    }
  })

  it('is refused when its trailers are not the announced ones', async () => {
    const body = { decodedLength: 5, trailerNames: ['x-amz-checksum-crc32'] }
    for (const trailers of [
      'x-amz-checksum-crc32c:AAAAAA==\r\n',
      'x-amz-checksum-crc32:AAAAAA==\r\nx-amz-meta-more:1\r\n',
      'x-amz-checksum-crc32:AAAAAA==\r\nx-amz-checksum-crc32:AAAAAA==\r\n',
      'no colon\r\n',
      ':empty\r\n',
      `x-amz-checksum-crc32:${'A'.repeat(10_000)}\r\n`,
      'a:b\r\n'.repeat(5_000),
    ]) {
      const bytes = Buffer.from(`5\r\nhello\r\n0\r\n${trailers}\r\n`)
      await expect(decode(bytes, body), trailers.slice(0, 60)).rejects.toMatchObject({ code: 'MalformedTrailerError' })
    }
    const unannounced = Buffer.from('5\r\nhello\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n')
    await expect(decode(unannounced, { ...body, trailerNames: [] })).rejects.toMatchObject({
      code: 'MalformedTrailerError',
    })
    await expect(decode(Buffer.from('5\r\nhello\r\n0\r\n\r\n'), body)).rejects.toMatchObject({ code: 'IncompleteBody' })
  })

  it('may have one small chunk, the last', async () => {
    const body = { decodedLength: 10, trailerNames: [] }
    await expect(decode(unsigned(Buffer.alloc(10), 5), body)).rejects.toMatchObject({
      code: 'InvalidChunkSizeError',
      status: 403,
      members: { Chunk: '1', BadChunkSize: '5' },
    })
  })

  it('tells whoever waits for the trailers when the sender goes away', async () => {
    const decoder = new AwsChunkedDecoder(plain, undefined)
    decoder.on('error', () => {})
    decoder.write('10000\r\nabc')
    decoder.destroy(new Error('gone'))
    await expect(decoder.trailers).rejects.toThrow('gone')
  })

  it('verifies a signer written from the specification, for many sizes', async () => {
    const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
    const key = ['20130524', 'us-east-1', 's3', 'aws4_request'].reduce(
      (last: string | Buffer, part) => hmac(last, part),
      `AWS4${SECRET}`,
    )
    const seed = seedOf(SEED)
    for (const length of [0, 1, 8192, 20_000, 100_000]) {
      const payload = randomBytes(length)
      let previous = SEED
      const parts: (string | Uint8Array)[] = []
      for (const piece of [...pieces(payload, 8192), Buffer.alloc(0)]) {
        const head = `AWS4-HMAC-SHA256-PAYLOAD\n${seed.timestamp}\n${seed.scope}\n${previous}\n`
        previous = hmac(key as Buffer, `${head}${hash('sha256', '')}\n${hash('sha256', piece)}`).toString('hex')
        parts.push(`${piece.length.toString(16)};chunk-signature=${previous}\r\n`, piece, '\r\n')
      }
      const { content } = await decode(join(parts), { decodedLength: length, trailerNames: [] }, seed)
      expect(content.equals(payload)).toBe(true)
    }
  })
})

describe('the headers of an aws-chunked body', () => {
  it('are read', () => {
    expect(readChunkedHeaders({ 'content-length': '5' })).toBeUndefined()
    expect(readChunkedHeaders({ 'x-amz-decoded-content-length': '5' })).toEqual({ decodedLength: 5, trailerNames: [] })
    const trailer = { 'x-amz-decoded-content-length': '0', 'x-amz-trailer': ' X-Amz-Checksum-CRC64NVME ' }
    expect(readChunkedHeaders(trailer)?.trailerNames).toEqual(['x-amz-checksum-crc64nvme'])
  })

  it('are refused when they make no sense', () => {
    const streaming = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }
    expect(() => readChunkedHeaders(streaming)).toThrow(expect.objectContaining({ code: 'MissingContentLength' }))
    for (const length of ['', '-1', '1e3', '0x10', '99999999999999999999', '5, 5']) {
      expect(() => readChunkedHeaders({ 'x-amz-decoded-content-length': length })).toThrow(
        expect.objectContaining({ code: 'InvalidArgument' }),
      )
    }
    for (const name of ['x-amz-meta-a', 'x-amz-checksum-md5', 'x-amz-checksum-crc32,x-amz-checksum-sha1']) {
      expect(() => readChunkedHeaders({ 'x-amz-decoded-content-length': '5', 'x-amz-trailer': name })).toThrow(
        expect.objectContaining({ code: 'InvalidRequest' }),
      )
    }
  })
})
