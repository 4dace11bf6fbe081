import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'

/** A program that this one started and stops again. */
export interface RunningProcess {
  readonly pid: number
  /** What it has written to both outputs so far, at most the last megabyte. */
  output(): string
  /** Resolves with the match once the output matches; rejects when the program ends first or the time is over. */
  waitForOutput(pattern: RegExp, timeout?: number): Promise<RegExpExecArray>
  /** The exit code (128 + signal), once it has ended. */
  readonly ended: Promise<number>
  /** SIGTERM, and SIGKILL when it is still there after `grace` milliseconds. Ending twice is fine. */
  stop(grace?: number): Promise<void>
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
}

const KEPT = 1024 * 1024

/**
 * Starts a program that also ends when this process is killed: the kernel sends it SIGTERM then, so an aborted run
 * leaves nothing behind. It has a process group of its own: Ctrl-C reaches only this process, which stops the others in
 * the right order.
 */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', command, ...args], {
    env: options.env ?? process.env,
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  let failure: Error | undefined
  const collect = (chunk: string) => {
    text = (text + chunk).slice(-KEPT)
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const ended = new Promise<number>((resolve) => {
    child.once('error', (error) => {
      failure = error
      resolve(127)
    })
    child.once('close', (code, signal) => resolve(code ?? 128 + (signal === 'SIGKILL' ? 9 : 15)))
  })

  return {
    pid: child.pid ?? -1,
    output: () => text,
    ended,
    waitForOutput: (pattern, timeout = 20_000) =>
      waitForOutput(
        child,
        () => text,
        () => failure,
        ended,
        pattern,
        timeout,
      ),
    stop: (grace = 10_000) => stop(child, ended, grace),
  }
}

async function waitForOutput(
  child: ChildProcess,
  text: () => string,
  failure: () => Error | undefined,
  ended: Promise<number>,
  pattern: RegExp,
  timeout: number,
): Promise<RegExpExecArray> {
  const found = () => pattern.exec(text())
  const match = found()
  if (match !== null) return match
  return new Promise((resolve, reject) => {
    const settle = () => {
      clearTimeout(timer)
      child.stdout?.off('data', look)
      child.stderr?.off('data', look)
    }
    const look = () => {
      const seen = found()
      if (seen === null) return
      settle()
      resolve(seen)
    }
    const timer = setTimeout(() => {
      settle()
      reject(new Error(`${nameOf(child)} did not print ${pattern} within ${timeout} ms:\n${text()}`))
    }, timeout)
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    void ended.then((code) => {
      look()
      settle()
      reject(failure() ?? new Error(`${nameOf(child)} ended with code ${code}:\n${text()}`))
    })
  })
}

/** The command line as it was given, without setpriv's part. */
const nameOf = (child: ChildProcess): string => child.spawnargs.slice(child.spawnargs.indexOf('--') + 1).join(' ')

async function stop(child: ChildProcess, ended: Promise<number>, grace: number): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), grace)
  try {
    await Promise.race([ended, once(child, 'exit')])
  } finally {
    clearTimeout(timer)
  }
}
