import type { Database } from '../storage/database.ts'
import type { Command } from './command.ts'
import { clientArguments } from './config-flags.ts'
import { withDatabase } from './installation.ts'
import { findRunningServer } from './running-server.ts'
import { age, style, table } from './terminal.ts'

export const status: Command = {
  help: `
Shows every endpoint with its variants and instances, whether or not the server runs.

Usage: slipway status [--port P] [--data-dir DIR] [--json]

Examples:
  slipway status
  slipway status --json | jq '.[] | select(.status == "Failed") | .failureReason'
`,
  async run(args) {
    const { config, values } = clientArguments(args, { json: { type: 'boolean' } })
    const endpoints = await withDatabase(config, readEndpoints)
    const server = endpoints.length > 0 ? await findRunningServer(config, values.port !== undefined) : undefined
    if (endpoints.length > 0 && server === undefined)
      process.stderr.write(`slipway: no server runs on ${config.dataDir}; this is what the last one knew\n`)
    if (server?.engine === 'away')
      process.stderr.write('slipway: the container engine does not answer; what needs it waits\n')
    process.stdout.write(values.json ? `${JSON.stringify(endpoints, undefined, 2)}\n` : show(endpoints))
    return 0
  },
}

type Endpoint = Awaited<ReturnType<typeof readEndpoints>>[number]

async function readEndpoints(database: Database) {
  const { query } = database
  const endpoints = await query
    .selectFrom('endpoints')
    .selectAll()
    .orderBy('account')
    .orderBy('region')
    .orderBy('name_key')
    .execute()
  const instances = await query
    .selectFrom('endpoint_instances')
    .selectAll()
    .orderBy('variant_name')
    .orderBy('id')
    .execute()
  const containers = await query.selectFrom('endpoint_containers').selectAll().orderBy('position').execute()
  const now = Date.now()
  return endpoints.map((endpoint) => ({
    account: endpoint.account,
    region: endpoint.region,
    name: endpoint.name,
    status: endpoint.status,
    failureReason: endpoint.failure_reason ?? undefined,
    ageSeconds: Math.round((now - endpoint.created_at) / 1000),
    instances: instances
      .filter(
        (row) =>
          row.account === endpoint.account && row.region === endpoint.region && row.name_key === endpoint.name_key,
      )
      .map((row) => ({ row, own: containers.filter(({ instance_id }) => instance_id === row.id) }))
      .map(({ row, own }) => ({
        id: row.id,
        variant: row.variant_name,
        state: row.state,
        address: listed(own.map(({ address }) => address)),
        image: listed(own.map(({ image_digest, image }) => image_digest ?? image)) ?? '',
        detail: row.detail ?? undefined,
        ageSeconds: Math.round((now - (own[0]?.started_at ?? row.created_at)) / 1000),
      })),
  }))
}

/** Of several containers all, in the order of the model. */
function listed(texts: readonly (string | null)[]): string | undefined {
  const known = texts.filter((text) => text !== null)
  return known.length === 0 ? undefined : known.join(', ')
}

function show(endpoints: readonly Endpoint[]): string {
  if (endpoints.length === 0) return 'No endpoints.\n'
  const rows = endpoints.flatMap((endpoint) => {
    const name = [endpoint.name, endpoint.region, colour(endpoint.status)]
    if (endpoint.instances.length === 0)
      return [[...name, '-', '-', '-', age(endpoint.ageSeconds * 1000), endpoint.failureReason ?? '']]
    return endpoint.instances.map((instance, index) => [
      ...(index === 0 ? name : ['', '', '']),
      instance.variant,
      instance.id,
      colour(instance.state),
      age(instance.ageSeconds * 1000),
      instance.detail ?? instance.address ?? '',
    ])
  })
  return table(['ENDPOINT', 'REGION', 'STATUS', 'VARIANT', 'INSTANCE', 'STATE', 'AGE', 'DETAIL'], rows)
}

function colour(state: string): string {
  if (state === 'InService' || state === 'Healthy') return style('green', state)
  return style(state === 'Failed' || state === 'Unhealthy' ? 'red' : 'yellow', state)
}
