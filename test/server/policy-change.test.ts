import { afterAll, beforeAll, expect, it } from 'vitest'
import { rawCall } from '../support/api-call.ts'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { workerPids } from '../support/worker-pids.ts'
import { type Calls, callsOf, element } from '../upgrade/calls.ts'

let server: Slipway
let root: Calls
let ann: Calls

const policy = (effect: string) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: effect, Action: 'kms:ListKeys', Resource: '*' }] })
const put = (effect: string) =>
  root.query('iam', 'PutUserPolicy', { UserName: 'ann', PolicyName: 'Keys', PolicyDocument: policy(effect) })

beforeAll(async () => {
  server = await startSlipway({ workers: 2 })
  root = callsOf(server)
  await root.query('iam', 'CreateUser', { UserName: 'ann' })
  await put('Allow')
  const key = await root.query('iam', 'CreateAccessKey', { UserName: 'ann' })
  ann = callsOf({
    ...server,
    accessKeyId: element(key, 'AccessKeyId'),
    secretAccessKey: element(key, 'SecretAccessKey'),
  })
})
afterAll(() => server?.stop())

/** Many at once, so that no worker goes unasked. */
async function statuses(): Promise<ReadonlySet<number>> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'TrentService.ListKeys' }
  const asked = Array.from({ length: 40 }, () => rawCall(ann.caller, 'kms', { headers, body: '{}' }))
  return new Set((await Promise.all(asked)).map(({ status }) => status))
}

it('a change of policy acts on every worker', async () => {
  expect(workerPids(server)).toHaveLength(2)
  await eventually(async () => expect(await statuses()).toEqual(new Set([200])))
  for (const [effect, status] of [
    ['Deny', 400],
    ['Allow', 200],
    ['Deny', 400],
  ] as const) {
    await put(effect)
    // Asked for is a second; bench/policy-change.ts measures it. Here a busy machine has its say.
    await eventually(async () => expect(await statuses()).toEqual(new Set([status])), 5_000)
    // And stays: no worker goes back to what it knew before.
    for (let time = 0; time < 3; time++) expect(await statuses()).toEqual(new Set([status]))
  }
  await root.query('iam', 'DeleteUserPolicy', { UserName: 'ann', PolicyName: 'Keys' })
  await eventually(async () => expect(await statuses()).toEqual(new Set([400])), 5_000)
})
