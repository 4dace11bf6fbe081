import { spawn } from 'node:child_process'
import { parseArgs } from 'node:util'

/*
 * Runs the benchmarks one after the other, each in a process of its own.
 *   scripts/run.sh bench/run.ts [--only NAME] [--rounds N] [--seconds N]
 */

/** Each is a program `bench/<name>.ts`; what it takes from the command line. */
const BENCHMARKS: readonly { readonly name: string; readonly args: (rounds: number, seconds: number) => string[] }[] = [
  { name: 'access', args: (_rounds, seconds) => [String(seconds)] },
  { name: 'async-queue', args: (rounds) => ['--rounds', String(rounds)] },
  {
    name: 'async-inference',
    args: (_rounds, seconds) => ['--seconds', String(seconds * 2)],
  },
  {
    name: 'authorized-invocations',
    args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds)],
  },
  { name: 'half-load', args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds)] },
  { name: 'invocations', args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds)] },
  { name: 'messaging', args: (_rounds, seconds) => ['--seconds', String(seconds)] },
  { name: 'metrics', args: (rounds) => [String(rounds)] },
  { name: 'listing', args: (rounds) => ['--rounds', String(rounds)] },
  { name: 'pipelines', args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds)] },
  { name: 'policy-change', args: (rounds) => ['--rounds', String(rounds * 4)] },
  { name: 'object-encryption', args: (rounds) => ['256', String(rounds)] },
  { name: 'small-objects', args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds)] },
  { name: 'slow-clients', args: (_rounds, seconds) => ['--seconds', String(seconds * 2)] },
  { name: 'start', args: (rounds) => ['--rounds', String(rounds)] },
  { name: 'streams', args: (rounds, seconds) => ['--rounds', String(rounds), '--seconds', String(seconds * 2)] },
  { name: 'updates', args: (_rounds, seconds) => ['--seconds', String(seconds)] },
  { name: 'unpack', args: (rounds) => ['256', String(rounds)] },
]

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
  },
})
const chosen = BENCHMARKS.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0) {
  console.error(`there is no benchmark '${values.only}'; there are ${BENCHMARKS.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}

let failed = false
for (const { name, args } of chosen) {
  console.log(`\n== ${name}`)
  const program = new URL(`${name}.ts`, import.meta.url).pathname
  const options = [
    '--disable-warning=ExperimentalWarning',
    program,
    ...args(Number(values.rounds), Number(values.seconds)),
  ]
  const child = spawn(process.execPath, options, { stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve))
  if (code !== 0) {
    console.error(`${name} ended with exit code ${code}`)
    failed = true
  }
}
process.exit(failed ? 1 : 0)
