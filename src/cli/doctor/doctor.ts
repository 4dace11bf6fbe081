import type { Command } from '../command.ts'
import { clientArguments } from '../config-flags.ts'
import { findRunningServer } from '../running-server.ts'
import { style } from '../terminal.ts'
import type { Finding } from './check.ts'
import { checkDatabase } from './check-database.ts'
import { checkEngine } from './check-engine.ts'
import { checkDisk, checkNode, checkPort } from './check-machine.ts'
import { checkRegistries } from './check-registries.ts'

export const doctor: Command = {
  help: `
Checks Node.js, disk, port, clock, container engine and the configured registries. Exit code 1 if anything is a problem.

Usage: slipway doctor [--port P] [--data-dir DIR] [--config FILE] [--json]

Examples:
  slipway doctor
  slipway doctor --config /etc/slipway.yaml --json
`,
  async run(args) {
    const { config, values } = clientArguments(args, { json: { type: 'boolean' } })
    const server = await findRunningServer(config, values.port !== undefined)
    const findings = [
      checkNode(),
      ...checkDisk(config),
      await checkPort(config, server),
      await checkDatabase(config),
      await checkEngine(config, server),
      ...(await checkRegistries(config)),
    ]
    process.stdout.write(values.json ? `${JSON.stringify(findings, undefined, 2)}\n` : findings.map(show).join(''))
    return findings.some((finding) => finding.state === 'problem') ? 1 : 0
  },
}

const MARKS = { ok: ['green', 'ok     '], warning: ['yellow', 'warning'], problem: ['red', 'problem'] } as const

function show({ check, state, found, advice }: Finding): string {
  const [colour, mark] = MARKS[state]
  return `${style(colour, mark)}  ${check}: ${found}\n${advice === undefined ? '' : `         ${style('dim', advice)}\n`}`
}
