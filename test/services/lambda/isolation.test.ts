import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openRunDirectory } from '../../../src/services/lambda/execution/run-directory.ts'
import { eventually } from '../../support/eventually.ts'
import { startLambdaService, type TestLambda } from '../../support/lambda-service.ts'
import { type TemporaryDirectory, temporaryDirectory } from '../../support/temporary-directory.ts'

const asRoot = process.getuid?.() === 0

/** Evaluates what it is sent, so that a test can try what a hostile function would. */
const EVAL = { 'index.js': 'exports.handler = async (code) => eval("(async () => {" + code + "})()")' }
const attempt = (expression: string) =>
  `try { return ${expression} } catch (error) { return error.code ?? String(error) }`

describe('the process of a function', () => {
  let lambda: TestLambda
  let outside: TemporaryDirectory
  const logged: string[] = []
  beforeEach(async () => {
    logged.length = 0
    const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
    lambda = await startLambdaService({ log, limits: { idleMilliseconds: 60_000 } })
    outside = await temporaryDirectory()
  })
  afterEach(async () => {
    await lambda.stop()
    await outside.remove()
  })
  const run = async (name: string, code: string) => (await lambda.invoke(name, code)).answer

  test.runIf(asRoot)('has a user of its own without groups and without a way to more rights', async () => {
    await lambda.create('one', EVAL)
    await lambda.create('two', EVAL)
    const status = await run('one', 'return require("fs").readFileSync("/proc/self/status", "utf8")')
    expect(status).toMatch(/^Uid:(\t18\d{8}|\t19\d{8}|\t20\d{8}|\t21\d{8}){4}$/m)
    expect(status).toMatch(/^Groups:\s*$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    expect(status).toMatch(/^CapEff:\t0+$/m)
    expect(await run('two', 'return process.getuid()')).not.toBe(await run('one', 'return process.getuid()'))
    expect(await run('one', attempt('process.setuid(0)'))).toBe('EPERM')
  })

  test.runIf(asRoot)("cannot read the server's or another function's files, memory or environment", async () => {
    await lambda.create('one', EVAL)
    await lambda.create('two', EVAL)
    await writeFile(join(outside.path, 'secret'), 'secret')
    const read = (file: string) => attempt(`require("fs").readFileSync(${JSON.stringify(file)}, "utf8")`)
    expect(await run('one', read(join(outside.path, 'secret')))).toBe('EACCES')
    expect(await run('one', read(`/proc/${process.pid}/environ`))).toBe('EACCES')
    const other = (await run('two', 'return { pid: process.pid, code: __dirname, tmp: process.env.TMPDIR }')) as {
      pid: number
      code: string
      tmp: string
    }
    expect(await run('one', read(`/proc/${other.pid}/environ`))).toBe('EACCES')
    expect(await run('one', read(join(other.code, 'index.js')))).toBe('EACCES')
    expect(await run('one', attempt(`require("fs").readdirSync(${JSON.stringify(other.tmp)})`))).toBe('EACCES')
    expect(await run('one', attempt(`require("fs").readdirSync(${JSON.stringify(lambda.runDirectory)})`))).toBe(
      'EACCES',
    )
    expect(await run('one', attempt(`process.kill(${other.pid}, 9)`))).toBe('EPERM')
    expect(await run('one', attempt(`process.kill(${process.pid}, 0)`))).toBe('EPERM')
  })

  test.runIf(asRoot)('may write into its temporary folder and nowhere near its code', async () => {
    await lambda.create('one', EVAL)
    expect(await run('one', attempt('require("fs").writeFileSync(__filename, "")'))).toBe('EACCES')
    expect(await run('one', attempt('require("fs").writeFileSync(process.env.LAMBDA_RUNTIME_DIR + "/x", "")'))).toBe(
      'EACCES',
    )
    expect(
      await run(
        'one',
        'const fs = require("fs"); const file = require("os").tmpdir() + "/x"; fs.writeFileSync(file, "kept"); return fs.readFileSync(file, "utf8")',
      ),
    ).toBe('kept')
  })

  test('inherits no descriptors, has no input, and bounded files', async () => {
    await lambda.create('one', EVAL)
    const open = (await run(
      'one',
      'const fs = require("fs"); return fs.readdirSync("/proc/self/fd").map((fd) => { try { return fs.readlinkSync("/proc/self/fd/" + fd) } catch { return "" } })',
    )) as string[]
    expect(open.filter((target) => target.startsWith('/') && !/^\/(dev|proc|sys)\//.test(target))).toEqual([])
    expect(open).toContain('/dev/null')
    const limits = await run('one', 'return require("fs").readFileSync("/proc/self/limits", "utf8")')
    expect(limits).toMatch(/Max core file size +0 /)
    expect(limits).toMatch(/Max open files +1024 +1024/)
  })

  test.runIf(asRoot)('takes everything it has started with it, however it hides', async () => {
    await lambda.create(
      'forks',
      {
        'app.py': `import os, subprocess, sys
def handler(event, context):
    # Out of the session, and orphaned.
    subprocess.run([sys.executable, "-c", "import os, sys, time\\nif os.fork(): sys.exit()\\nos.setsid()\\nif os.fork(): sys.exit()\\ntime.sleep(300)"])
    return os.getuid()`,
      },
      { Timeout: 20 },
    )
    const uid = (await lambda.invoke('forks')).answer as number
    await eventually(async () => expect(await processesOf(uid)).toHaveLength(2))
    await lambda.call('DeleteFunction', { FunctionName: 'forks' })
    await eventually(async () => expect(await processesOf(uid)).toEqual([]))
  })

  test('leaves neither processes nor folders behind when the server stops', async () => {
    await lambda.create('one', EVAL)
    const pid = (await run('one', 'return process.pid')) as number
    const second = await startLambdaService()
    await second.create('two', EVAL)
    const [folder] = await readdir(second.runDirectory)
    const other = (await second.invoke('two', 'return process.pid')).answer as number
    expect(folder).toMatch(/^slipway-functions-/)
    await second.stop()
    await expect(stat(second.runDirectory)).rejects.toThrow('ENOENT')
    expect(() => process.kill(other, 0)).toThrow('ESRCH')
    expect(() => process.kill(pid, 0)).not.toThrow()
  })

  test.runIf(asRoot)('ends with a server that is killed; the next one removes what is left', async () => {
    await chmod(outside.path, 0o711)
    const child = spawn(process.execPath, [fileURLToPath(new URL('invoking-child.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // It cannot clean up after itself.
      env: { ...process.env, TMPDIR: outside.path },
    })
    const [line] = (await once(child.stdout!.setEncoding('utf8'), 'data')) as [string]
    const { pid, uid, runDirectory } = JSON.parse(line) as { pid: number; uid: number; runDirectory: string }
    child.kill('SIGKILL')
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'))
    expect(await readdir(runDirectory)).toHaveLength(1)
    const next = await openRunDirectory(runDirectory)
    expect(await readdir(runDirectory)).toEqual([basename(next.path)])
    // Also what the function had started out of its session.
    await eventually(async () => expect(await processesOf(uid)).toEqual([]))
    await next.close()
  })

  test("keeps its events, answers and variables out of the server's log and of the database's clear text", async () => {
    await lambda.create(
      'quiet',
      {
        'index.js':
          'exports.handler = async (e) => { if (e.fail) throw new Error("ANSWER-" + e.word); return "ANSWER-" + e.word }',
      },
      {
        Environment: { Variables: { PASSWORD: 'VARIABLE-hunter2' } },
      },
    )
    await lambda.invoke('quiet', { word: 'EVENT-hunter2' })
    await lambda.invoke('quiet', { word: 'EVENT-hunter2', fail: true })
    await lambda.call('Invoke', {
      FunctionName: 'quiet',
      InvocationType: 'Event',
      Payload: Buffer.from('{"word":"EVENT-hunter2","fail":true}'),
    })
    await expect(
      lambda.call('Invoke', { FunctionName: 'quiet', Payload: Buffer.from('EVENT-hunter2') }),
    ).rejects.toThrow(/^(?!.*hunter2)/)
    await eventually(async () => {
      const [row] = await lambda.database.query.selectFrom('lambda_async_invocations').selectAll().execute()
      expect(row?.failures).toBe(1)
      expect(JSON.stringify(row)).not.toContain('hunter2')
    })
    const functions = await lambda.database.query.selectFrom('lambda_functions').selectAll().execute()
    expect(JSON.stringify(functions)).not.toContain('hunter2')
    expect(logged.join('')).not.toContain('hunter2')
  })
})

async function processesOf(uid: number): Promise<string[]> {
  const found: string[] = []
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const state = await stat(`/proc/${pid}`).catch(() => undefined)
    if (state?.uid !== uid) continue
    // What has ended and waits to be collected by its new parent does not count.
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
    if (/^State:\s+[^ZX]/m.test(status)) found.push(pid)
  }
  return found
}
