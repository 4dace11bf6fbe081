import { setTimeout } from 'node:timers/promises'
import { apiClient, type CallApi } from './api-client.ts'
import { type Command, CommandError } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { style } from './terminal.ts'

const POLL_MILLISECONDS = 500

export const logs: Command = {
  help: `
Prints the output of an endpoint's containers, oldest first.

Usage: slipway logs ENDPOINT [-f] [--port P] [--data-dir DIR] [--json]

  -f, --follow   go on until interrupted

Examples:
  slipway logs iris
  slipway logs iris -f | grep ERROR
`,
  async run(args) {
    const { config, values, positionals } = clientArguments(args, {
      follow: { type: 'boolean', short: 'f' },
      json: { type: 'boolean' },
    })
    const [endpoint, ...more] = positionals
    if (endpoint === undefined || more.length > 0) throw new CommandError("name one endpoint: 'slipway logs ENDPOINT'")
    const call = await apiClient(config, values.port !== undefined, 'logs')
    const print = values.json ? printJson : printLine
    await followGroup(call, `/aws/sagemaker/Endpoints/${endpoint}`, values.follow === true, print)
    return 0
  },
}

interface LogRecord {
  readonly eventId: string
  readonly timestamp: number
  readonly logStreamName: string
  readonly message: string
}

async function followGroup(
  call: CallApi,
  logGroupName: string,
  follow: boolean,
  print: (event: LogRecord) => void,
): Promise<void> {
  let startTime = 0
  let seen = new Set<string>()
  for (;;) {
    const seenNow = new Set<string>()
    let nextToken: string | undefined
    do {
      const page = await call('Logs_20140328.FilterLogEvents', {
        logGroupName,
        startTime,
        ...(nextToken === undefined ? {} : { nextToken }),
      })
      for (const event of page.events as readonly LogRecord[]) {
        if (event.timestamp > startTime) {
          startTime = event.timestamp
          seenNow.clear()
        }
        if (event.timestamp === startTime) seenNow.add(event.eventId)
        if (!seen.has(event.eventId)) print(event)
      }
      nextToken = page.nextToken as string | undefined
    } while (nextToken !== undefined)
    if (!follow) return
    seen = seenNow
    await setTimeout(POLL_MILLISECONDS)
  }
}

const printJson = (event: LogRecord) => void process.stdout.write(`${JSON.stringify(event)}\n`)

const printLine = (event: LogRecord) =>
  void process.stdout.write(
    `${style('dim', `${new Date(event.timestamp).toISOString()} ${event.logStreamName}`)}  ${event.message.replace(/\n$/, '')}\n`,
  )
