import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What is sent, over and over. */
export interface Load {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface Measured {
  readonly requests: number
  /** Seconds. */
  readonly duration: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

const run = promisify(execFile)

/** Writes wrk's script that sends one load after the other, by turns, into a directory, and returns its path. */
export async function writeScript(directory: string, name: string, ...loads: readonly Load[]): Promise<string> {
  const script = `local requests = {}
local sent = 0
init = function()
${loads.map(({ method, headers, body }) => `  table.insert(requests, wrk.format(${quoted(method)}, nil, ${table(headers)}, ${quoted(body)}))`).join('\n')}
end
request = function()
  sent = sent + 1
  return requests[sent % #requests + 1]
end
done = function(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  print(string.format("RESULT %d %d %d %d %d", summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), failed))
end
`
  const path = join(directory, `${name}.lua`)
  await writeFile(path, script)
  return path
}

/** wrk adds a Host of its own unless there is one in this very spelling. */
const table = (headers: Load['headers']): string =>
  `{ ${Object.entries(headers)
    .map(([name, value]) => `[${quoted(name === 'host' ? 'Host' : name)}] = ${quoted(value)}`)
    .join(', ')} }`

// Lua takes decimal escapes; they are right for every byte.
const quoted = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join('')}"`

/** Sends a load for some seconds. Rejects when a single request fails. */
export async function measure(
  url: string,
  script: string,
  options: { readonly connections: number; readonly seconds: number },
): Promise<Measured> {
  const threads = Math.min(2, options.connections)
  const args = [
    '-t',
    String(threads),
    '-c',
    String(options.connections),
    '-d',
    `${options.seconds}s`,
    '-s',
    script,
    url,
  ]
  const { stdout } = await run('wrk', args)
  const numbers = /RESULT (\d+) (\d+) (\d+) (\d+) (\d+)/.exec(stdout)?.slice(1).map(Number)
  if (numbers === undefined) throw new Error(`wrk said:\n${stdout}`)
  const [requests, duration, p50, p99, failed] = numbers as [number, number, number, number, number]
  if (failed > 0) throw new Error(`${failed} of ${requests} requests to ${url} failed:\n${stdout}`)
  return { requests, duration: duration / 1e6, p50: p50 / 1e3, p99: p99 / 1e3 }
}
