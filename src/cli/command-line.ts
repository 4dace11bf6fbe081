import { ConfigError } from '../config/load.ts'
import { StartError } from '../shared/start-error.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { version } from './version.ts'

/** Runs one command line and resolves to the exit code: 0 done, 1 failed, 2 not understood. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args[0] === 'help' && args[1] !== undefined ? [args[1], '--help'] : args
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(overview())
    return 0
  }
  if (name === '--version' || name === 'version') {
    process.stdout.write(`slipway ${version}\n`)
    return 0
  }
  const entry = commands.find((candidate) => candidate.name === name)
  if (entry === undefined) {
    process.stderr.write(`slipway: there is no command '${name}'; 'slipway help' lists them\n`)
    return 2
  }
  endWithItsReader(name)
  const command = await entry.load()
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`${command.help.trim()}\n`)
    return 0
  }
  return runCommand(name, command, rest)
}

async function runCommand(name: string, command: Command, args: readonly string[]): Promise<number> {
  try {
    return await command.run(args)
  } catch (error) {
    if (isUsageError(error)) {
      // What Node adds after the first sentence is about arguments that no command takes.
      const [sentence] = error.message.split(/\. (?=To specify|This command)/)
      process.stderr.write(`slipway ${name}: ${sentence}; see 'slipway ${name} --help'\n`)
      return 2
    }
    if (error instanceof CommandError || error instanceof ConfigError || error instanceof StartError) {
      process.stderr.write(`slipway: ${error.message}\n`)
      return 1
    }
    throw error
  }
}

/** Ours, or what node:util's parseArgs throws for flags it does not know. */
const isUsageError = (error: unknown): error is Error =>
  error instanceof UsageError ||
  (error instanceof Error && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS'))

/** Whoever reads the output may have seen enough: `slipway logs iris -f | head`. The server goes on all the same. */
function endWithItsReader(name: string): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (name !== 'serve') process.exit(0)
  })
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return [
    'Slipway: a self-hosted model platform that speaks the Amazon SageMaker API.',
    '',
    'Usage: slipway COMMAND [options]',
    '',
    ...lines,
    '',
    "'slipway COMMAND --help' tells more, with examples.",
    '',
  ].join('\n')
}
