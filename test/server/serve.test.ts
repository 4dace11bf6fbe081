import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type RunningProcess, startProcess } from '../../scripts/machine/process.ts'
import { startSlipway } from '../support/slipway.ts'
import { mountSmallDisk } from '../support/small-disk.ts'

const PROGRAM = fileURLToPath(new URL('../../bin/slipway', import.meta.url))
const running: { stop(): Promise<void> }[] = []
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-serve-'))
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function slipway(args: readonly string[], env: Readonly<Record<string, string>> = {}): RunningProcess {
  const program = startProcess(PROGRAM, args, { env: { ...process.env, ...env } })
  running.push(program)
  return program
}

/** A start that must fail with one line and without a stack. */
async function refusal(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> {
  const program = slipway(['serve', '--data-dir', join(folder, 'refused'), ...args], env)
  expect(await program.ended).toBe(1)
  const output = program.output().trim()
  expect(output.split('\n')).toHaveLength(1)
  expect(output).toMatch(/^slipway: /)
  expect(output).not.toMatch(/\n\s+at /)
  return output
}

describe('slipway serve', () => {
  it('refuses a port in use, and says what to do', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    try {
      expect(await refusal(['--port', String(port), '--runtime', 'none'])).toContain(
        `port ${port} on 127.0.0.1 is in use`,
      )
    } finally {
      server.close()
    }
  })

  it('refuses a data directory it cannot write', async () => {
    const program = slipway(['serve', '--port', '0', '--runtime', 'none', '--data-dir', '/dev/null/slipway'])
    expect(await program.ended).toBe(1)
    expect(program.output()).toMatch(/^slipway: cannot write to the data directory \/dev\/null\/slipway \(ENOTDIR\)/)
  })

  it('refuses a full disk, and starts again once there is room', async ({ skip }) => {
    const disk = mountSmallDisk(24)
    if (disk === undefined) return skip('file systems cannot be mounted here')
    const args = ['--port', '0', '--runtime', 'none', '--data-dir', disk.folder]
    const filling = join(disk.folder, 'filling')
    try {
      await (await startSlipway({ dataDir: disk.folder })).stop()
      const fill = (name: string) => writeFile(name, Buffer.alloc(32 * 1024 ** 2)).catch((error) => error.code)
      expect(await fill(filling)).toBe('ENOSPC')
      expect(await refusal(args)).toMatch(/^slipway: cannot claim the data directory .*is its disk full\?$/)
      // Room for what opening needs, and none for a commit.
      await truncate(filling, (await stat(filling)).size - 64 * 1024)
      expect(await refusal(args)).toMatch(/full .*; free some space and start again$/)
      await rm(filling)
      await (await startSlipway({ dataDir: disk.folder })).stop()
    } finally {
      disk.unmount()
    }
  })

  it('starts without an engine that is to be there, says so, and names the way to do without', async () => {
    const args = ['serve', '--port', '0', '--workers', '1', '--data-dir', join(folder, 'engineless')]
    const program = slipway(args, { DOCKER_HOST: 'unix:///nonexistent/docker.sock', SLIPWAY_LOG_LEVEL: 'warn' })
    await program.waitForOutput(/Endpoints wait: .*docker\.sock.*--runtime none/)
    expect(program.output()).toContain('no container engine answers: the server serves without it')
    const [, url] = (await program.waitForOutput(/ready at (\S+)/)) as unknown as [string, string]
    const health = await fetch(`${url}/_slipway/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toMatchObject({ status: 'ok', runtime: 'docker', engine: 'away' })
  })

  it('refuses unknown options in every source', async () => {
    const file = join(folder, 'slipway.yaml')
    await writeFile(file, 'prot: 1\n')
    expect(await refusal(['--config', file])).toContain('prot is not an option of Slipway')
    expect(await refusal([], { SLIPWAY_PROT: '1' })).toContain('SLIPWAY_PROT is not an option of Slipway')
    expect(await slipway(['serve', '--prot', '1']).ended).toBe(2)
  })

  it('refuses auth trust beyond loopback unless it is forced', async () => {
    expect(await refusal(['--auth', 'trust', '--host', '0.0.0.0', '--runtime', 'none'])).toContain('--trust-remote')
  })

  it('refuses a second server on the same data directory', async () => {
    const first = await startSlipway()
    running.push(first)
    const second = slipway(['serve', '--port', '0', '--runtime', 'none', '--data-dir', first.dataDir])
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain('another server uses the data directory')
  })

  it('reads its options from a file and from variables, prints one line, and ends with 0 on SIGTERM', async () => {
    const file = join(folder, 'good.yaml')
    await writeFile(file, `port: 0\nruntime: none\ndataDir: ${join(folder, 'data')}\n`)
    const program = slipway(['serve', '--config', file], { SLIPWAY_WORKERS: '2', SLIPWAY_LOG_LEVEL: 'warn' })
    const [, url] = (await program.waitForOutput(/ready at (\S+) \(workers: 2, runtime: none/)) as unknown as [
      string,
      string,
    ]
    const health = await fetch(`${url}/_slipway/health`)
    expect(health.status).toBe(200)
    expect(await health.json()).toEqual({ status: 'ok', version: expect.any(String), workers: 2, runtime: 'none' })
    await program.stop(15_000)
    expect(await program.ended).toBe(0)
    expect(program.output().trim().split('\n')).toHaveLength(1)
  })

  it('keeps what it holds over a restart, the root key included', async () => {
    const dataDir = join(folder, 'kept')
    const first = await startSlipway({ dataDir })
    const { accessKeyId, secretAccessKey } = first
    await first.stop()
    const second = await startSlipway({ dataDir })
    running.push(second)
    expect([second.accessKeyId, second.secretAccessKey]).toEqual([accessKeyId, secretAccessKey])
    expect((await readFile(join(dataDir, 'slipway.db'))).includes(secretAccessKey)).toBe(false)
  })
})
