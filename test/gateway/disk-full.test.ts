import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rawCall } from '../support/api-call.ts'
import { eventually } from '../support/eventually.ts'
import { type Slipway, startSlipway } from '../support/slipway.ts'
import { fillDisk, mountSmallDisk } from '../support/small-disk.ts'
import { workerPids } from '../support/worker-pids.ts'

const MIB = 1024 * 1024
const disk = mountSmallDisk(64)

const sagemaker = (operation: string, input: object) =>
  rawCall(slipway, 'sagemaker', {
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `SageMaker.${operation}` },
    body: JSON.stringify(input),
  })
const put = (key: string, bytes: number) =>
  rawCall(slipway, 's3', { method: 'PUT', target: `/full/${key}`, body: Buffer.alloc(bytes, key) })
const keys = async (): Promise<string[]> => {
  const { text } = await rawCall(slipway, 's3', { method: 'GET', target: '/full?list-type=2' })
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => key as string)
}

let slipway: Slipway

describe.skipIf(disk === undefined)('a full disk', () => {
  let filler: string
  let workers: readonly number[]
  /** The keys of what was written. */
  let acknowledged: string[] = []

  beforeAll(async () => {
    const folder = disk?.folder ?? ''
    filler = join(folder, 'filler')
    slipway = await startSlipway({ dataDir: join(folder, 'data') })
    workers = workerPids(slipway)
    expect((await rawCall(slipway, 's3', { method: 'PUT', target: '/full' })).status).toBe(200)
    expect((await put('before', MIB)).status).toBe(200)
  })
  afterAll(async () => {
    await slipway?.stop()
    disk?.unmount()
  })

  it('refuses an object that does not fit, and keeps nothing of it', async () => {
    const answer = await put('large', 100 * MIB)
    expect(answer.status).toBe(503)
    expect(answer.text).toContain('<Code>ServiceUnavailable</Code>')
    expect(answer.text).toContain("There is no space left on the server's disk")
    expect(await keys()).toEqual(['before'])
    await eventually(async () => expect(await readdir(join(slipway.dataDir, 'objects', 'tmp'))).toEqual([]))
    expect((await put('after', MIB)).status).toBe(200)
  })

  it('refuses every write in the words of its service, and serves reads', async () => {
    await fillDisk(filler)
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        sagemaker('CreateModelPackageGroup', {
          ModelPackageGroupName: `g${index}`,
          ModelPackageGroupDescription: 'd'.repeat(1_000),
        }),
      ),
    )
    const refused = outcomes.filter(({ status }) => status !== 200)
    expect(refused.length).toBeGreaterThan(0)
    for (const { status, json } of refused) {
      expect([status, json?.__type]).toEqual([503, 'ServiceUnavailable'])
      expect(json?.message).toMatch(/There is no space left on the server's disk/)
    }
    expect((await put('never', MIB)).status).toBe(503)
    const small = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => [`s${n}`, await put(`s${n}`, 10_000)] as const),
    )
    const unkept = small.filter(([, answer]) => answer.status !== 200)
    expect(unkept.length).toBeGreaterThan(0)
    for (const [, answer] of unkept) {
      expect(answer.status).toBe(503)
      expect(answer.text).toContain("There is no space left on the server's disk")
    }
    const kept = small.filter(([, answer]) => answer.status === 200).map(([key]) => key)
    acknowledged = ['after', 'before', ...kept]
    for (const key of kept) {
      const read = await rawCall(slipway, 's3', { method: 'GET', target: `/full/${key}` })
      expect([read.status, read.text.length], key).toEqual([200, 10_000])
    }
    const role = await rawCall(slipway, 'iam', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `Action=CreateUser&UserName=never&Tags.member.1.Key=k&Tags.member.1.Value=${'v'.repeat(200)}`,
    })
    expect([role.status, role.text.includes('<Code>ServiceUnavailable</Code>')]).toEqual([503, true])
    expect(await keys()).toEqual(acknowledged.toSorted())
    const read = await rawCall(slipway, 's3', { method: 'GET', target: '/full/before' })
    expect([read.status, read.text.length]).toEqual([200, MIB])
    expect((await fetch(`${slipway.url}/_slipway/health`)).status).toBe(200)
    expect(workerPids(slipway)).toEqual(workers)
  })

  it('works again, with all that was acknowledged and nothing else, when there is space', async () => {
    const listed = async () => {
      const { text } = await sagemaker('ListModelPackageGroups', { MaxResults: 100 })
      return text.split('"ModelPackageGroupName"').length - 1
    }
    const groups = await listed()
    await rm(filler)
    await eventually(async () => expect((await put('again', MIB)).status).toBe(200))
    expect((await sagemaker('CreateModelPackageGroup', { ModelPackageGroupName: 'again' })).status).toBe(200)
    expect(await listed()).toBe(groups + 1)
    expect(await keys()).toEqual([...acknowledged, 'again'].toSorted())
    expect(workerPids(slipway)).toEqual(workers)
  })
})
