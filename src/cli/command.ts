/** One command of the program. `run` resolves to the exit code. */
export interface Command {
  /** The whole text of `slipway NAME --help`, examples included. */
  readonly help: string
  run(args: readonly string[]): Promise<number>
}

/** Something the user can act on; printed as one line on standard error, exit code 1. Never with a stack. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError'
}

/** Arguments that were not understood; printed with the way to the help text, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
