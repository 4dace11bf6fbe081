import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { apiOf } from '../support/api.ts'
import { type ApiAnswer, rawCall } from '../support/api-call.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const run = promisify(execFile)
const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
const HEADER = 'x-slipway-encoded-authorization-message'

let data: TemporaryDirectory
let server: Slipway
/** The same server, as a user that may do little. */
let ann: Slipway

beforeAll(async () => {
  data = await temporaryDirectory()
  server = await startSlipway({ dataDir: data.path })
  const { iam, createBucket } = apiOf(() => server)
  await createBucket('reports')
  await iam('CreateUser', { UserName: 'ann' })
  const Statement = [
    {
      Sid: 'Office',
      Effect: 'Allow',
      Action: 's3:*',
      Resource: '*',
      Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } },
    },
    { Effect: 'Allow', Action: 'kms:*', Resource: '*' },
  ]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await iam('PutUserPolicy', { UserName: 'ann', PolicyName: 'Little', PolicyDocument })
  const key = await iam('CreateAccessKey', { UserName: 'ann' })
  const member = (name: string) => new RegExp(`<${name}>(.*?)</${name}>`).exec(key)![1]!
  ann = { ...server, accessKeyId: member('AccessKeyId'), secretAccessKey: member('SecretAccessKey') }
})
afterAll(async () => {
  await server?.stop()
  await data?.remove()
})

const slipway = async (...args: string[]): Promise<string> =>
  (await run(PROGRAM, ['explain', ...args, '--data-dir', data.path])).stdout

async function refused(): Promise<{ id: string; answer: ApiAnswer }> {
  const answer = await rawCall(ann, 's3', { method: 'GET', target: '/reports/today' })
  expect(answer.status).toBe(403)
  expect(answer.text).toContain('no identity-based policy allows the s3:GetObject action')
  return { id: answer.headers.get('x-amz-request-id')!, answer }
}

const decode = (as: Slipway, EncodedMessage: string) => {
  const headers = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
  const form = new URLSearchParams({ Action: 'DecodeAuthorizationMessage', Version: '2011-06-15', EncodedMessage })
  return rawCall(as, 'sts', { headers, body: form.toString() })
}

describe('slipway explain', () => {
  it('says why, and what would allow it, as soon as the answer is there', async () => {
    const { id } = await refused()
    const text = await slipway(id)
    expect(text).not.toContain('\u001b[')
    expect(text).toContain('s3:GetObject was refused because no identity-based policy allows the s3:GetObject action.')
    expect(text).toContain(`Principal  arn:aws:iam::${server.account}:user/ann`)
    expect(text).toContain('Identity-based policy user_ann_Little, inline in the user')
    expect(text).toMatch(
      /1\. Allow "Office" \(1:\d+\): condition IpAddress aws:SourceIp expects "203\.0\.113\.0\/24"; the request has "127\.0\.0\.1"/,
    )
    expect(text).toMatch(/2\. Allow \(1:\d+\): about other actions/)
    expect(text).toContain(
      'To allow it, put this statement into a policy of user ann:\n  {"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::reports/today"}\n',
    )
    const [denial] = JSON.parse(await slipway(id, '--json'))
    expect(denial).toMatchObject({ requestId: id, action: 's3:GetObject', explanation: { explicit: false } })
  })

  it('lists the latest', async () => {
    const { id } = await refused()
    const lines = (await slipway('--last', '2')).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]!.split('\t')).toEqual([
      id,
      expect.stringMatching(/^\d{4}-.*Z$/),
      `arn:aws:iam::${server.account}:user/ann`,
      's3:GetObject',
      'arn:aws:s3:::reports/today',
      'because no identity-based policy allows the s3:GetObject action',
    ])
    expect(JSON.parse(await slipway('--last', '--json'))[0].requestId).toBe(id)
  })

  it('does not know what was never refused', async () => {
    await expect(slipway('0b8f8a4e-6f0a-4c0e-9d57-1f6c1a2b3c4d')).rejects.toMatchObject({
      code: 1,
      stderr:
        "slipway: no refusal of a request '0b8f8a4e-6f0a-4c0e-9d57-1f6c1a2b3c4d' is known here; 'slipway explain --last' lists the latest\n",
    })
    for (const args of [[], ['a', 'b'], ['--last', '0'], ['--last', 'x']])
      await expect(slipway(...args)).rejects.toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^slipway explain: /),
      })
  })

  it('tells the account the same by way of STS, to whom may ask', async () => {
    const { id, answer } = await refused()
    const message = answer.headers.get(HEADER)!
    for (const encoded of [message, id]) {
      const decoded = await decode(server, encoded)
      expect(decoded.status).toBe(200)
      expect(decoded.text).toContain('&quot;allowed&quot;:false')
      expect(decoded.text).toContain('arn:aws:s3:::reports/today')
    }
    const forbidden = await decode(ann, message)
    expect(forbidden.status).toBe(403)
    expect(forbidden.text).toContain('not authorized to perform: sts:DecodeAuthorizationMessage')
    const invalid = await decode(server, `${message}A`)
    expect(invalid.status).toBe(400)
    expect(invalid.text).toContain('<Code>InvalidAuthorizationMessageException</Code>')
  })

  it('finds each of many that come at once, by every worker', async () => {
    const ids = await Promise.all(Array.from({ length: 60 }, async () => (await refused()).id))
    for (const id of [ids[0]!, ids[30]!, ids[59]!]) expect(await slipway(id)).toContain('user_ann_Little')
  })

  it('works when no server runs', async () => {
    const { id } = await refused()
    await server.process.stop(15_000)
    expect(await slipway(id)).toContain('user_ann_Little')
  })
})
