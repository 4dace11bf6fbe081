import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createKeyMaterials } from '../../src/services/kms/cryptography/key-materials.ts'
import { openMasterKey } from '../../src/storage/master-key.ts'
import { openSqliteDatabase } from '../../src/storage/sqlite/sqlite-database.ts'
import { otherAccount, otherEnvironment } from '../support/accounts.ts'
import { runClient } from '../support/python.ts'
import { startSlipway } from '../support/slipway.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

test('keys with boto3, against two workers', async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    expect(await runClient('boto3/kms.py', slipway.env, ['walk'])).toContain('ok')
  } finally {
    await slipway.stop()
  }
})

test('a key used from another account, by key policy and by grant', async () => {
  const slipway = await startSlipway({ workers: 2 })
  try {
    const env = { ...slipway.env, ...otherEnvironment(await otherAccount(slipway, '222222222222')) }
    expect(await runClient('boto3/cross_account_kms.py', env)).toContain('ok')
  } finally {
    await slipway.stop()
  }
})

test('what is encrypted outlives a killed server, and nothing it stores or prints holds key material', async () => {
  const directory = await temporaryDirectory()
  try {
    const dataDir = directory.path
    const first = await startSlipway({ dataDir })
    const note = await runClient('boto3/kms.py', first.env, ['before']).finally(async () => {
      // The supervisor and its workers at once, so that nothing is said goodbye to.
      process.kill(-first.process.pid, 'SIGKILL')
      await first.process.ended
    })
    const second = await startSlipway({ dataDir })
    try {
      expect(await runClient('boto3/kms.py', second.env, ['after', note])).toContain('ok')
    } finally {
      await second.stop()
    }
    const secrets = await keyMaterial(dataDir)
    expect(secrets).toHaveLength(3)
    const printed = first.process.output() + second.process.output()
    const files = (await readdir(dataDir, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    for (const file of files) {
      const bytes = await readFile(join(file.parentPath, file.name))
      for (const secret of secrets) {
        for (const spelling of ['base64', 'base64url', 'hex'] as const) {
          expect(bytes.includes(secret.toString(spelling)), file.name).toBe(false)
          expect(printed.includes(secret.toString(spelling))).toBe(false)
        }
        expect(bytes.includes(secret), file.name).toBe(false)
      }
    }
  } finally {
    await directory.remove()
  }
})

async function keyMaterial(dataDir: string): Promise<Buffer[]> {
  const database = await openSqliteDatabase({ file: join(dataDir, 'slipway.db') })
  try {
    const materials = createKeyMaterials(database, await openMasterKey(dataDir))
    const rows = await database.query.selectFrom('kms_materials').select(['key_id', 'material_id']).execute()
    return await Promise.all(
      rows.map(async (row) => Buffer.from((await materials.load(row.key_id, row.material_id)) as Uint8Array)),
    )
  } finally {
    await database.close()
  }
}
