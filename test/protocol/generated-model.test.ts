import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { findBotocore } from '../../scripts/model/definition.ts'
import { applyPatches } from '../../scripts/model/patch.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const committed = join(root, 'src/model/generated')
const folder = mkdtempSync(join(tmpdir(), 'slipway-generated-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (directory: string, file: string): string => readFileSync(join(directory, file), 'utf8')

describe('the generated model', () => {
  it('is what the generator makes of the pinned definitions', (context) => {
    const { source } = JSON.parse(read(committed, 'sts.json')) as { source: string }
    const { version } = findBotocore(undefined)
    if (source !== `botocore ${version}`) context.skip(`generated from ${source}; here is ${version}`)
    execFileSync(process.execPath, [join(root, 'scripts/generate-model.ts'), '--out', folder])
    const files = readdirSync(committed).sort()
    expect(readdirSync(folder).sort()).toEqual(files)
    for (const file of files) expect(read(folder, file) === read(committed, file), file).toBe(true)
  })

  it('stays small, and free of documentation', () => {
    for (const file of readdirSync(committed)) {
      const text = read(committed, file)
      expect(text.length, file).toBeLessThan(1_000_000)
      expect(text, file).not.toMatch(/"documentation"|<p>/)
    }
  })

  it('refuses a patch that meets nothing', () => {
    const definition = {
      metadata: {},
      operations: {},
      shapes: { A: { type: 'structure', members: { B: { shape: 'C' } } } },
    }
    applyPatches(definition, [
      { service: 's', shape: 'A', member: 'B', set: { streaming: true, location: null }, why: 'test' },
    ])
    expect(definition.shapes.A.members.B).toEqual({ shape: 'C', streaming: true })
    expect(() => applyPatches(definition, [{ service: 's', shape: 'Gone', set: {}, why: 'test' }])).toThrow(/Gone/)
  })

  it('says plainly where there are no definitions', () => {
    expect(() => findBotocore(folder)).toThrow(/--botocore DIR/)
  })
})
