import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { findBotocore, readDefinition, type Source } from './model/definition.ts'
import { describe } from './model/describe.ts'
import { applyPatches, type Patch } from './model/patch.ts'
import { reach } from './model/reach.ts'
import { writeTypes } from './model/types.ts'
import { type ServiceDefinition, services } from './services.ts'

// Turns the API definitions of the `botocore` package into src/model/generated. Usage:
//   node scripts/generate-model.ts [--botocore DIR]

const MODEL = new URL('../src/model/', import.meta.url)

function generate(source: Source, service: ServiceDefinition, patches: readonly Patch[]): void {
  const definition = readDefinition(source, service.definition)
  applyPatches(
    definition,
    patches.filter((patch) => patch.service === service.id),
  )
  const reached = reach(definition, service.operations)
  const description = describe(source, service, definition, reached)
  writeFileSync(new URL(`generated/${service.id}.json`, MODEL), description)
  writeFileSync(new URL(`generated/${service.id}.ts`, MODEL), writeTypes(source, service, definition, reached))
  console.log(
    `${service.id}: ${service.operations.length} operations, ${reached.all.length} shapes, ${description.length} bytes`,
  )
}

const { values } = parseArgs({ options: { botocore: { type: 'string' } } })
const source = findBotocore(values.botocore)
const patches = JSON.parse(readFileSync(new URL('patches.json', MODEL), 'utf8')) as Patch[]
for (const service of services) generate(source, service, patches)
