import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningProcess, startProcess } from '../../scripts/machine/process.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const EXAMPLE = fileURLToPath(new URL('../../examples/iris/', import.meta.url))

let directory: TemporaryDirectory
let training: string
let server: RunningProcess
let url: string

beforeAll(async () => {
  directory = await temporaryDirectory()
  training = execFileSync('python3', ['-B', `${EXAMPLE}train.py`, directory.path], { encoding: 'utf8' })
  const env = { ...process.env, MODEL_DIRECTORY: directory.path, SAGEMAKER_BIND_TO_PORT: '0' }
  server = startProcess(process.execPath, [`${EXAMPLE}serve.mjs`], { env })
  const [, port] = await server.waitForOutput(/listens on port (\d+)/)
  url = `http://127.0.0.1:${port}`
})
afterAll(async () => {
  await server?.stop()
  await directory?.remove()
})

const invoke = (body: string, type = 'text/csv') =>
  fetch(`${url}/invocations`, { method: 'POST', body, headers: { 'content-type': type } })

it('says how often it is right about flowers that it has not seen', () => {
  const [, accuracy] = /accuracy on 30 held-out flowers: ([\d.]+)%/.exec(training) ?? []
  expect(Number(accuracy)).toBeGreaterThan(90)
})

it('packs the model as SageMaker unpacks it', () => {
  expect(execFileSync('tar', ['tzf', `${directory.path}/model.tar.gz`], { encoding: 'utf8' })).toBe('model.json\n')
})

it('answers pings', async () => {
  expect((await fetch(`${url}/ping`)).status).toBe(200)
})

it('answers CSV with a species a line', async () => {
  const answer = await invoke('5.1,3.5,1.4,0.2\n6.4,3.2,4.5,1.5\r\n\n6.3,2.9,5.6,1.8\n', 'text/csv; charset=utf-8')
  expect(await answer.text()).toBe('setosa\nversicolor\nvirginica\n')
  expect(answer.headers.get('content-type')).toBe('text/csv')
})

it('answers JSON with probabilities that add up to one', async () => {
  const answer = await invoke('{"instances": [[6.3, 2.9, 5.6, 1.8]]}', 'application/json')
  const { predictions } = (await answer.json()) as {
    predictions: { species: string; probabilities: Record<string, number> }[]
  }
  expect(predictions).toHaveLength(1)
  const [{ species, probabilities } = { species: '', probabilities: {} }] = predictions
  expect(species).toBe('virginica')
  expect(Object.keys(probabilities)).toEqual(['setosa', 'versicolor', 'virginica'])
  expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 9)
})

describe('refuses', () => {
  it.each([
    ['three numbers', '5.1,3.5,1.4', 'text/csv', 400, 'flower 1 needs 4 numbers'],
    ['a missing number', '5.1,3.5,1.4,0.2\n5.1,,1.4,0.2', 'text/csv', 400, 'flower 2 needs 4 numbers'],
    ['words', 'a,b,c,d', 'text/csv', 400, 'flower 1 needs 4 numbers'],
    ['infinity', 'Infinity,1,1,1', 'text/csv', 400, 'flower 1 needs 4 numbers'],
    ['nothing', '\n', 'text/csv', 400, 'no flowers'],
    ['broken JSON', '{"instances": [', 'application/json', 400, 'not JSON'],
    ['JSON that is null', 'null', 'application/json', 400, 'no list "instances"'],
    ['text among numbers', '{"instances": [["5.1", 3.5, 1.4, 0.2]]}', 'application/json', 400, 'flower 1 needs'],
    ['other types', '<flower/>', 'application/xml', 415, 'application/xml is neither'],
    ['bodies without end', 'x'.repeat(26 * 1024 * 1024), 'text/csv', 413, 'larger than'],
  ])('%s', async (_name, body, type, status, sentence) => {
    const answer = await invoke(body, type)
    expect(answer.status).toBe(status)
    expect(await answer.text()).toContain(sentence)
  })

  it('other paths', async () => {
    expect((await fetch(`${url}/invocations`)).status).toBe(404)
  })
})

it('ends when asked to, after a line for each request', async () => {
  await invoke('5.1,3.5,1.4,0.2')
  await server.stop()
  expect(await server.ended).toBe(0)
  expect(server.output()).toMatch(/200 1 flowers .*\nasked to stop\n$/)
})
