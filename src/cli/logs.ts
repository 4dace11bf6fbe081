import { setTimeout } from 'node:timers/promises'
import { ApiError, apiClient, type CallApi } from './api-client.ts'
import { type Command, CommandError, UsageError } from './command.ts'
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
    const { config, values, positionals } = clientArguments(
      args,
      { follow: { type: 'boolean', short: 'f' }, json: { type: 'boolean' } },
      { positionals: true },
    )
    const [endpoint, ...more] = positionals
    if (endpoint === undefined || more.length > 0) throw new UsageError('name one endpoint')
    const portGiven = values.port !== undefined
    const call = await apiClient(config, portGiven, 'logs')
    const print = values.json ? printJson : printLine
    const follow = values.follow === true
    const group = `/aws/sagemaker/Endpoints/${endpoint}`
    while (!(await followGroup(call, group, follow, print))) {
      const state = await describeEndpoint(await apiClient(config, portGiven, 'sagemaker'), endpoint)
      if (!follow || state.startsWith('Failed')) {
        process.stderr.write(`slipway: the containers of ${endpoint} have printed nothing; it is ${state}\n`)
        return 0
      }
      await setTimeout(POLL_MILLISECONDS)
    }
    return 0
  },
}

interface LogRecord {
  readonly eventId: string
  readonly timestamp: number
  readonly logStreamName: string
  readonly message: string
}

/** Status of an endpoint, and why it failed if it did. */
async function describeEndpoint(call: CallApi, EndpointName: string): Promise<string> {
  try {
    const { EndpointStatus, FailureReason } = await call('SageMaker.DescribeEndpoint', { EndpointName })
    return FailureReason === undefined ? String(EndpointStatus) : `${EndpointStatus}: ${FailureReason}`
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    throw new CommandError(`there is no endpoint '${EndpointName}'; 'slipway status' lists them`)
  }
}

/** Prints a log group, and goes on when asked to follow. Resolves to false when there is no such group. */
async function followGroup(
  call: CallApi,
  logGroupName: string,
  follow: boolean,
  print: (event: LogRecord) => void,
): Promise<boolean> {
  let startTime = 0
  let seen = new Set<string>()
  for (;;) {
    const seenNow = new Set<string>()
    let nextToken: string | undefined
    do {
      const request = { logGroupName, startTime, ...(nextToken === undefined ? {} : { nextToken }) }
      const page = await call('Logs_20140328.FilterLogEvents', request).catch(absent)
      if (page === undefined) return false
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
    if (!follow) return true
    seen = seenNow
    await setTimeout(POLL_MILLISECONDS)
  }
}

function absent(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 'ResourceNotFoundException') return undefined
  throw error
}

const printJson = (event: LogRecord) => void process.stdout.write(`${JSON.stringify(event)}\n`)

const printLine = (event: LogRecord) =>
  void process.stdout.write(
    `${style('dim', `${new Date(event.timestamp).toISOString()} ${event.logStreamName}`)}  ${event.message.replace(/\n$/, '')}\n`,
  )
