import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findBotocore, readDefinition, type Source } from './model/definition.ts'
import { describe } from './model/describe.ts'
import { applyPatches, type Patch } from './model/patch.ts'
import { reach } from './model/reach.ts'
import { writeTypes } from './model/types.ts'
import { type ServiceDefinition, services } from './services.ts'

// Turns the API definitions of the `botocore` package into src/model/generated. Usage:
//   node scripts/generate-model.ts [--botocore DIR] [--out DIR]

const MODEL = new URL('../src/model/', import.meta.url)

function generate(source: Source, service: ServiceDefinition, patches: readonly Patch[], folder: string): void {
  const definition = readDefinition(source, service.definition)
  applyPatches(
    definition,
    patches.filter((patch) => patch.service === service.id),
  )
  const reached = reach(definition, service.operations)
  const description = describe(source, service, definition, reached)
  writeFileSync(join(folder, `${service.id}.json`), description)
  writeFileSync(join(folder, `${service.id}.ts`), writeTypes(source, service, definition, reached))
  console.log(
    `${service.id}: ${service.operations.length} operations, ${reached.all.length} shapes, ${description.length} bytes`,
  )
}

const { values } = parseArgs({ options: { botocore: { type: 'string' }, out: { type: 'string' } } })
const source = findBotocore(values.botocore)
const patches = JSON.parse(readFileSync(new URL('patches.json', MODEL), 'utf8')) as Patch[]
const folder = values.out ?? fileURLToPath(new URL('generated', MODEL))
for (const service of services) generate(source, service, patches, folder)
