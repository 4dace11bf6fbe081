import { createAccount } from '../services/iam/bootstrap.ts'
import { readRootCredentials } from '../services/iam/root-credentials.ts'
import type { Database } from '../storage/database.ts'
import { requireAccountId } from './account-id.ts'
import { type Command, CommandError, UsageError } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { withDatabase, withMasterKey } from './installation.ts'
import { printClientEnvironment } from './shell-exports.ts'
import { table } from './terminal.ts'

export const account: Command = {
  help: `
Makes accounts, and lists them. An account has a root access key and the role SageMakerExecutionRole. It works whether
or not the server runs, which knows a new account at once.

Usage: slipway account create ID [--port P] [--data-dir DIR] [--json]
       slipway account list [--data-dir DIR] [--json]

create prints the root's key as 'slipway env' does; for an account that exists already it prints the key it has.

Examples:
  slipway account create 222222222222
  eval "$(slipway account create 222222222222)"
  slipway account list
`,
  async run(args) {
    const { config, values, positionals } = clientArguments(args, { json: { type: 'boolean' } }, { positionals: true })
    const [what, ...rest] = positionals
    const json = values.json === true
    if (what === 'list') {
      if (rest.length > 0) throw new UsageError(`'list' takes no '${rest[0]}'`)
      const accounts = await withDatabase(config, readAccounts)
      process.stdout.write(json ? `${JSON.stringify(accounts, undefined, 2)}\n` : show(accounts))
      return 0
    }
    if (what !== 'create') throw new UsageError(what === undefined ? 'create or list?' : `there is no '${what}'`)
    const [id, superfluous] = rest
    if (id === undefined) throw new UsageError("'create' wants an account id, such as 222222222222")
    if (superfluous !== undefined) throw new UsageError(`'create' makes one account, not '${superfluous}' too`)
    const wanted = requireAccountId(id)
    const credentials = await withMasterKey(config, async (database, masterKey) => {
      // A key that does not belong to the database must not seal anything in it.
      await readRootCredentials(database, masterKey)
      await createAccount(database, masterKey, wanted, Date.now())
      return readRootCredentials(database, masterKey, wanted)
    })
    if (credentials === undefined) throw new CommandError(`account ${wanted} exists and has no active root access key`)
    printClientEnvironment(config, credentials, { portGiven: values.port !== undefined, json })
    return 0
  },
}

type Accounts = Awaited<ReturnType<typeof readAccounts>>

async function readAccounts({ query }: Database) {
  const rows = await query.selectFrom('access_accounts').selectAll().orderBy('account').execute()
  return rows.map((row) => ({ account: row.account, createdAt: new Date(row.created_at).toISOString() }))
}

const show = (accounts: Accounts): string =>
  accounts.length === 0
    ? 'No accounts.\n'
    : table(
        ['ACCOUNT', 'CREATED'],
        accounts.map(({ account: id, createdAt }) => [id, createdAt]),
      )
