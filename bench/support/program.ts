import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

/** A part of a benchmark in a process of its own, so that its time and memory are not the measured one's. */
export interface Program<Started> {
  readonly pid: number
  /** What it said of itself when it was ready. */
  readonly started: Started
  /** Sends it a question and resolves with the answer. One question at a time. */
  ask<Answer>(question: unknown): Promise<Answer>
  stop(): Promise<void>
}

/** Starts `bench/support/<name>.ts` and waits until it says that it is ready. Rejects when it ends before. */
export async function startProgram<Started>(name: string, ...args: readonly string[]): Promise<Program<Started>> {
  const child = fork(new URL(`${name}.ts`, import.meta.url), args, {
    serialization: 'advanced',
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const started = (await said(child, name)) as Started
  return {
    pid: child.pid as number,
    started,
    ask: async <Answer>(question: unknown) => {
      const answer = said(child, name)
      child.send(question as object)
      return (await answer) as Answer
    },
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.disconnect()
      await once(child, 'exit')
    },
  }
}

async function said(child: ChildProcess, name: string): Promise<unknown> {
  const over = new AbortController()
  const ended = once(child, 'exit', over).then(([code]) => {
    throw new Error(`${name} ended with exit code ${code}`)
  })
  try {
    const [message] = await Promise.race([once(child, 'message', over), ended])
    return message
  } finally {
    ended.catch(() => {})
    over.abort()
  }
}

/** The other side: says that this program is ready, answers each question, and ends with the process that started it. */
export function serve(started: unknown, answer: (question: never) => unknown): void {
  process.on('message', async (question) => process.send?.(await answer(question as never)))
  process.on('disconnect', () => process.exit())
  process.send?.(started)
}
