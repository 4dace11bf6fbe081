import { setTimeout } from 'node:timers/promises'
import type { Database } from '../../storage/database.ts'
import { type Command, UsageError } from '../command.ts'
import { clientArguments } from '../config-flags.ts'
import { withDatabase } from '../installation.ts'
import { findRunningServer } from '../running-server.ts'
import { style, table } from '../terminal.ts'
import { type Figures, readFigures } from './read-figures.ts'

/** A timer of more than 25 days would end at once. */
const MOST_SECONDS = 86_400
/** Without a terminal to read keys from, Ctrl-C is a signal. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export const top: Command = {
  help: `
Shows what the endpoints are doing: requests, latencies, errors and use of instances over the last minute, and the queues of asynchronous
endpoints. On a terminal the table goes on until q or Ctrl-C; elsewhere it is printed once.

Usage: slipway top [--interval SECONDS] [--once] [--json] [--port P] [--data-dir DIR]

The workers store what they count every few seconds (metrics.flushSeconds), in intervals of metrics.resolutionSeconds.

Examples:
  slipway top
  slipway top --once
  slipway top --json | jq '.[] | select(.backlog > 100) | .endpoint'
`,
  async run(args) {
    const { config, values } = clientArguments(args, {
      interval: { type: 'string' },
      once: { type: 'boolean' },
      json: { type: 'boolean' },
    })
    const seconds = values.interval === undefined ? 2 : Number(values.interval)
    if (!(seconds >= 0.1 && seconds <= MOST_SECONDS))
      throw new UsageError(`--interval is a number of seconds, from 0.1 to ${MOST_SECONDS}`)
    return withDatabase(config, async (database) => {
      if (values.json || values.once || !process.stdout.isTTY) {
        if ((await findRunningServer(config, values.port !== undefined)) === undefined)
          process.stderr.write(`slipway: no server runs on ${config.dataDir}; this is what the last one knew\n`)
        const figures = await readFigures(database, Date.now())
        process.stdout.write(values.json ? `${JSON.stringify(figures, undefined, 2)}\n` : show(figures))
        return 0
      }
      await live(database, seconds * 1000)
      return 0
    })
  },
}

/** Draws the table over itself on the other screen of the terminal, which is put back at the end. */
async function live(database: Database, interval: number): Promise<void> {
  const ending = new AbortController()
  const onKey = (key: Buffer) => {
    if (key.includes('q') || key.includes(3)) ending.abort()
  }
  const end = () => ending.abort()
  const { stdin, stdout } = process
  if (stdin.isTTY) stdin.setRawMode(true)
  stdin.on('data', onKey).resume()
  for (const signal of ENDINGS) process.once(signal, end)
  // Long lines are cut off: wrapped, the table would be higher than the screen.
  stdout.write('\u001b[?1049h\u001b[?25l\u001b[?7l')
  try {
    while (!ending.signal.aborted) {
      const now = Date.now()
      const lines = show(await readFigures(database, now)).split('\n')
      const fitting = lines.slice(0, Math.max(1, (stdout.rows ?? 24) - 2)).join('\u001b[K\n')
      const clock = style('dim', `slipway top  ${new Date(now).toLocaleTimeString()}  q ends`)
      stdout.write(`\u001b[H${clock}\u001b[K\n${fitting}\u001b[J`)
      await setTimeout(interval, undefined, { signal: ending.signal }).catch(() => {})
    }
  } finally {
    stdout.write('\u001b[?7h\u001b[?25h\u001b[?1049l')
    stdin.off('data', onKey).pause()
    if (stdin.isTTY) stdin.setRawMode(false)
    for (const signal of ENDINGS) process.off(signal, end)
  }
}

const HEADING = ['ENDPOINT', 'STATUS', 'VARIANT', 'INSTANCES', 'REQ/S', 'ERR/S', 'P50', 'P99', 'CPU', 'MEMORY', 'QUEUE']

function show(figures: readonly Figures[]): string {
  if (figures.length === 0) return 'No endpoints.\n'
  const rows = figures.map((one) => [
    one.endpoint,
    style(one.status === 'InService' ? 'green' : one.status === 'Failed' ? 'red' : 'yellow', one.status),
    one.variant,
    `${one.healthy}/${one.desired}`,
    rate(one.requestsPerSecond),
    one.errorsPerSecond > 0 ? style('red', rate(one.errorsPerSecond)) : '0',
    time(one.p50),
    time(one.p99),
    percent(one.cpu),
    percent(one.memory),
    one.backlog === undefined ? '-' : String(one.backlog),
  ])
  return table(HEADING, rows)
}

const rate = (value: number): string => (value === 0 ? '0' : value.toFixed(value < 10 ? 2 : 0))
const percent = (value: number | undefined): string => (value === undefined ? '-' : `${value.toFixed(0)} %`)
const time = (milliseconds: number | undefined): string =>
  milliseconds === undefined ? '-' : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
