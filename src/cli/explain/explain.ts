import { findDenials, latestDenials, type StoredDenial } from '../../services/iam/denials/denial-store.ts'
import type { DenialRow } from '../../storage/schema/denials.ts'
import { type Command, CommandError, UsageError } from '../command.ts'
import { clientArguments } from '../config-flags.ts'
import { withDatabase } from '../installation.ts'
import { age, table } from '../terminal.ts'
import { reasonOf, showDenial } from './show-denial.ts'

const DEFAULT_LAST = 20
const MAX_LAST = 1_000

export const explain: Command = {
  help: `
Says why a request was refused, policy by policy, and what would allow it. Every refusal names its request id.

Usage: slipway explain REQUEST-ID [--data-dir DIR] [--json]
       slipway explain --last [N] [--data-dir DIR] [--json]

  --last [N]   list the latest N refusals, ${DEFAULT_LAST} by default

Examples:
  slipway explain 0b8f8a4e-6f0a-4c0e-9d57-1f6c1a2b3c4d
  slipway explain --last 5
`,
  async run(args) {
    const { config, values, positionals } = clientArguments(
      args,
      { last: { type: 'boolean' }, json: { type: 'boolean' } },
      { positionals: true },
    )
    const [given, ...more] = positionals
    if (more.length > 0 || (given === undefined && values.last !== true))
      throw new UsageError('name one request id, or --last')
    const json = values.json === true
    if (values.last === true) {
      const limit = given === undefined ? DEFAULT_LAST : Number(given)
      if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LAST)
        throw new UsageError(`--last takes a number from 1 to ${MAX_LAST}`)
      const rows = await withDatabase(config, (database) => latestDenials(database, limit))
      process.stdout.write(json ? toJson(rows.map(summary)) : list(rows, Date.now()))
      return 0
    }
    const requestId = given!.trim().toLowerCase()
    const denials = await withDatabase(config, (database) => findDenials(database, requestId))
    if (denials.length === 0)
      throw new CommandError(
        `no refusal of a request '${given!.slice(0, 100)}' is known here; 'slipway explain --last' lists the latest`,
      )
    process.stdout.write(json ? toJson(denials.map(full)) : denials.map(showDenial).join('\n'))
    return 0
  },
}

const toJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`

const summary = (row: DenialRow) => ({
  requestId: row.request_id,
  time: new Date(row.at).toISOString(),
  principal: row.principal,
  action: row.action,
  resource: row.resource,
  reason: reasonOf(row),
})

/** `explanation.requestId` tells whether it is of this very refusal. */
const full = ({ row, details }: StoredDenial) => ({ ...summary(row), explanation: details ?? null })

function list(rows: readonly DenialRow[], now: number): string {
  // For other programs: one line each, fields between tabs.
  if (!process.stdout.isTTY)
    return rows
      .map(summary)
      .map((row) => `${Object.values(row).join('\t')}\n`)
      .join('')
  if (rows.length === 0) return 'No refusals.\n'
  return table(
    ['REQUEST', 'AGE', 'PRINCIPAL', 'ACTION', 'RESOURCE', 'REASON'],
    rows.map((row) => [row.request_id, age(now - row.at), row.principal, row.action, row.resource, reasonOf(row)]),
  )
}
