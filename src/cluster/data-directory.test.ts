import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { StartError } from '../shared/start-error.ts'
import { claimDataDirectory } from './data-directory.ts'

const folder = mkdtempSync(join(tmpdir(), 'slipway-claim-'))
afterAll(() => rmSync(folder, { recursive: true }))

const mode = (directory: string) => statSync(directory).mode & 0o777

describe('claimDataDirectory', () => {
  it('makes the directory and those above it, for its owner alone', () => {
    const directory = join(folder, 'a/b')
    claimDataDirectory(directory).release()
    expect(mode(directory)).toBe(0o700)
  })

  it('closes an empty directory, and one that it has used before', () => {
    const directory = join(folder, 'open')
    mkdirSync(directory)
    for (const _ of ['empty', 'used']) {
      chmodSync(directory, 0o755)
      claimDataDirectory(directory).release()
      expect(mode(directory)).toBe(0o700)
    }
  })

  it('leaves a directory alone that others use', () => {
    const directory = join(folder, 'shared')
    mkdirSync(directory)
    chmodSync(directory, 0o755)
    writeFileSync(join(directory, 'other'), '')
    expect(() => claimDataDirectory(directory)).toThrow(StartError)
    expect(() => claimDataDirectory(directory)).toThrow(/holds other files .* chmod 700$/)
    expect(mode(directory)).toBe(0o755)
    chmodSync(directory, 0o700)
    claimDataDirectory(directory).release()
  })

  it.each(['/proc/slipway/data', '/dev/null/data'])('refuses %s, where nothing can be made', (directory) => {
    expect(() => claimDataDirectory(directory)).toThrow(/^cannot write to the data directory /)
  })

  it('refuses a directory that another server holds', () => {
    const directory = join(folder, 'held')
    const claim = claimDataDirectory(directory)
    expect(() => claimDataDirectory(directory)).toThrow('another server uses the data directory')
    claim.release()
    claimDataDirectory(directory).release()
  })
})
