import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openMasterKey } from './master-key.ts'

describe('the master key', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-key-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('is made once, for its owner alone', async () => {
    const first = await openMasterKey(folder)
    const status = await stat(join(folder, 'master.key'))
    expect(status.mode & 0o777).toBe(0o600)
    expect(status.size).toBe(32)
    expect((await openMasterKey(folder)).unseal(first.seal('s', 'c'), 'c')).toBe('s')
    expect(await readdir(folder)).toEqual(['master.key'])
  })

  it('is the same for all who start together', async () => {
    const boxes = await Promise.all(Array.from({ length: 20 }, () => openMasterKey(folder)))
    const sealed = boxes[0]!.seal('s', 'c')
    for (const box of boxes) expect(box.unseal(sealed, 'c')).toBe('s')
    expect(await readdir(folder)).toEqual(['master.key'])
  })

  it('is taken away from other users', async () => {
    await openMasterKey(folder)
    await chmod(join(folder, 'master.key'), 0o644)
    await openMasterKey(folder)
    expect((await stat(join(folder, 'master.key'))).mode & 0o777).toBe(0o600)
  })

  it('is refused when it is damaged, and left as it is', async () => {
    await writeFile(join(folder, 'master.key'), 'short')
    await expect(openMasterKey(folder)).rejects.toThrow(/is damaged/)
    expect(await readFile(join(folder, 'master.key'), 'utf8')).toBe('short')
  })

  it('is a clear error when the directory is missing', async () => {
    await expect(openMasterKey(join(folder, 'missing'))).rejects.toThrow(/cannot read or write .*ENOENT/)
  })
})
