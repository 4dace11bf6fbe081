import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { type HostingFixture, startHosting } from '../support/hosting.ts'
import { lacksEngine } from '../support/shared-engine.ts'

/** What knew lone containers only kept them in their instance's row. */
const BEFORE_022 = `
  alter table endpoint_instances add column container_id text;
  alter table endpoint_instances add column address text;
  alter table endpoint_instances add column image text not null default '';
  alter table endpoint_instances add column image_digest text;
  alter table endpoint_instances add column started_at bigint;
  alter table endpoint_instances add column logged_until text;
  update endpoint_instances set (container_id, address, image, image_digest, started_at, logged_until) = (
    select container_id, address, image, image_digest, started_at, logged_until
    from endpoint_containers where instance_id = endpoint_instances.id and position = 0
  );
  drop table endpoint_containers;
  delete from migrations where name = '022-endpoint-containers';
`

describe.skipIf(lacksEngine('docker'))('containers that an earlier version has left running', () => {
  let hosting: HostingFixture
  beforeAll(async () => {
    hosting = await startHosting('docker')
  })
  afterAll(() => hosting?.stop())

  it('are taken over as they are, and their log goes on where it was', async () => {
    await hosting.deploy('lone', { instances: 2 })
    await hosting.api.invoke('lone', { commands: 'stdout=before' })
    await eventually(async () => expect(await hosting.printed('lone')).toContain('before'))
    const before = await hosting.containers('lone')
    expect(before).toHaveLength(2)
    await hosting.slipway.process.stop(15_000)
    const database = new DatabaseSync(join(hosting.slipway.dataDir, 'slipway.db'))
    database.exec(BEFORE_022)
    database.close()
    await hosting.restart('SIGTERM')
    expect((await hosting.api.invoke('lone', { commands: 'stdout=after' })).status).toBe(200)
    await eventually(async () => expect(await hosting.printed('lone')).toContain('after'))
    expect((await hosting.printed('lone')).filter((line) => line === 'before')).toHaveLength(1)
    expect((await hosting.containers('lone')).map(({ id }) => id)).toEqual(before.map(({ id }) => id))
    expect((await hosting.describe('lone')).EndpointStatus).toBe('InService')
    await hosting.kill(before[0]?.id ?? '')
    await eventually(async () => {
      const now = (await hosting.containers('lone')).filter(({ running }) => running)
      expect(now).toHaveLength(2)
      expect(now.map(({ id }) => id)).not.toContain(before[0]?.id)
    }, 30_000)
    await hosting.remove('lone')
    expect(await hosting.containers('lone')).toEqual([])
  })
})
