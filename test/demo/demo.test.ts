import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type RunningProcess, startProcess } from '../../scripts/machine/process.ts'
import { createEngineClient } from '../../src/runtime/docker/engine-client.ts'
import { ENGINES, lacksEngine, type SharedEngine, sharedEngine } from '../support/shared-engine.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../support/temporary-directory.ts'

const RUN = fileURLToPath(new URL('../../scripts/run.sh', import.meta.url))

let directory: TemporaryDirectory
beforeEach(async () => {
  directory = await temporaryDirectory()
})
afterEach(() => directory.remove())

/** Starts the demo where an engine is there already. */
function startDemo(engine: SharedEngine): RunningProcess {
  const env = { ...process.env, DOCKER_HOST: engine.socket, TMPDIR: directory.path, AWS_PROFILE: 'somebody' }
  return startProcess(RUN, ['examples/iris/demo.ts'], { env })
}

/** Images and containers of the demo in an engine. */
async function traces(engine: SharedEngine): Promise<readonly string[]> {
  const client = createEngineClient({ kind: 'unix', path: engine.socket.slice('unix://'.length) }, '')
  const signal = AbortSignal.timeout(10_000)
  try {
    const images = await client.call('GET', '/images/json', { signal })
    const containers = await client.call('GET', '/containers/json', { signal, query: { all: 'true' } })
    return `${images.text}${containers.text}`.match(/[^"]*iris[^"]*/g) ?? []
  } finally {
    await client.close()
  }
}

async function expectNothingLeft(engine: SharedEngine): Promise<void> {
  expect(await readdir(directory.path)).not.toContainEqual(expect.stringContaining('slipway-demo'))
  expect(await traces(engine)).toEqual([])
}

describe.each(ENGINES)('the demo on %s', (kind) => {
  it.skipIf(lacksEngine(kind))(
    'predicts the three flowers, and leaves nothing',
    async () => {
      const engine = await sharedEngine(kind)
      const demo = startDemo(engine)
      expect(await demo.ended, demo.output()).toBe(0)
      const output = demo.output()
      for (const species of ['setosa', 'versicolor', 'virginica']) {
        expect(output).toMatch(new RegExp(`[\\d., ]{18} +${species} +${species} +\\d+%`))
      }
      expect(output).toMatch(/accuracy 9\d\.\d% \(\d+ of 30\)/)
      expect(output).toContain('What to try next')
      expect(output).not.toContain('\u001b')
      await expectNothingLeft(engine)
    },
    180_000,
  )
})

it.skipIf(lacksEngine('docker'))(
  'the demo stops everything when it is interrupted while an endpoint runs',
  async () => {
    const engine = await sharedEngine('docker')
    const demo = startDemo(engine)
    await demo.waitForOutput(/✔ invoke it with three flowers/, 120_000)
    expect(await traces(engine)).not.toEqual([])
    process.kill(demo.pid, 'SIGINT')
    expect(await demo.ended).toBe(1)
    expect(demo.output()).toMatch(/The demo was stopped: SIGINT\n.*✔ stop everything/)
    await expectNothingLeft(engine)
  },
  180_000,
)
