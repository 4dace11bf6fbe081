import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { loadService } from '../../src/model/service-description.ts'
import { served } from './compatibility.ts'
import { implementedOperations } from './operation-tables.ts'
import { pages } from './pages.ts'

const read = (file: string): string => readFileSync(new URL(`../../docs/${file}`, import.meta.url), 'utf8')

describe('generated pages', () => {
  it.each(pages)('docs/$file is what `npm run docs` writes', async ({ file, render }) => {
    expect(read(file) === (await render()), `docs/${file} is stale: run npm run docs`).toBe(true)
  })

  it('the page on compatibility names every operation of every service', () => {
    const page = read('compatibility.md')
    for (const id of served)
      for (const name of loadService(id).operations.keys()) expect(page).toMatch(new RegExp(`\\b${name}\\b`))
  })

  it('claims what the tables hold and nothing else', async () => {
    const sagemaker = await implementedOperations('sagemaker')
    expect([sagemaker.has('CreateEndpoint'), sagemaker.has('CreateTrainingJob')]).toEqual([true, false])
    expect([...(await implementedOperations('sagemaker-runtime'))]).toEqual([
      'InvokeEndpoint',
      'InvokeEndpointAsync',
      'InvokeEndpointWithResponseStream',
    ])
    for (const id of served)
      for (const name of await implementedOperations(id))
        expect(loadService(id).operations.get(name)?.implemented, `${id}:${name}`).toBe(true)
  })
})
