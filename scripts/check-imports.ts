import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Holds the boundaries of docs/architecture.md: which folder of src/ may import which. A folder always may import from
 * itself. Entries are path prefixes; `services/*` stands for one service.
 */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  shared: [],
  telemetry: ['shared'],
  access: ['telemetry', 'shared'],
  storage: ['telemetry', 'shared'],
  control: ['storage', 'telemetry', 'shared'],
  registries: ['telemetry', 'shared'],
  runtime: ['telemetry', 'shared'],
  model: ['shared'],
  wire: ['model', 'shared'],
  dataplane: ['storage', 'runtime/container-runtime.ts', 'telemetry', 'shared'],
  config: ['shared'],
  cluster: ['config', 'telemetry', 'shared', 'app.ts', 'app', 'runtime', 'storage/installation-id.ts'],
  services: [
    'services/operation.ts',
    'services/authorization.ts',
    'services/authorizer.ts',
    'services/*/facade.ts',
    'access',
    'model',
    'wire',
    'control',
    'storage',
    'registries',
    'runtime/container-runtime.ts',
    'dataplane',
    'telemetry',
    'shared',
  ],
  gateway: [
    'wire',
    'model',
    'services/registry.ts',
    'services/operation.ts',
    'services/authorizer.ts',
    'services/ecr/distribution/answer-registry.ts',
    'services/ecr/repository-name.ts',
    'services/s3/addressing.ts',
    'services/sagemaker-runtime',
    'dataplane',
    'access',
    'storage/errors.ts',
    'telemetry',
    'shared',
  ],
  // What app.ts consists of, which joins everything.
  app: [
    'access',
    'cli/installation.ts',
    'cli/version.ts',
    'config',
    'control',
    'dataplane',
    'gateway',
    'registries',
    'runtime',
    'services',
    'storage',
    'telemetry',
    'shared',
  ],
  cli: ['access', 'cluster', 'config', 'runtime', 'services', 'storage', 'wire', 'telemetry', 'shared'],
}

/** Only these services put requests on the road to containers. */
const DATAPLANE_USERS = /^services\/sagemaker(-runtime)?\//

const SRC = fileURLToPath(new URL('../src/', import.meta.url))
const IMPORT = /^(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'|^import\s+'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm

const problems = globSync('**/*.ts', { cwd: SRC })
  .filter((file) => !file.endsWith('.test.ts') && file.includes('/'))
  .flatMap((file) =>
    importsOf(file)
      .filter((target) => !mayImport(file, target))
      .map((target) => `src/${file} must not import src/${target}`),
  )

for (const problem of problems) console.error(problem)
if (problems.length > 0) {
  console.error('docs/architecture.md says who may import whom; scripts/check-imports.ts holds it')
  process.exitCode = 1
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  return [...text.matchAll(IMPORT)]
    .map((match) => (match[1] ?? match[2] ?? match[3]) as string)
    .map((specifier) => relative(SRC, join(SRC, dirname(file), specifier)))
    .filter((target) => target.endsWith('.ts') && !target.startsWith('..'))
}

function mayImport(file: string, target: string): boolean {
  const home = homeOf(file)
  if (target.startsWith(`${home}/`) || file === 'services/registry.ts') return true
  if (target.startsWith('dataplane/') && file.startsWith('services/') && !DATAPLANE_USERS.test(file)) return false
  const folder = file.split('/')[0] as string
  return (ALLOWED[folder] ?? []).some((entry) => matches(target, entry))
}

/** The folder that a file may use freely: its service, or its folder of src/. */
function homeOf(file: string): string {
  const [folder, service] = file.split('/') as [string, string]
  return folder === 'services' ? `${folder}/${service}` : folder
}

function matches(target: string, entry: string): boolean {
  return new RegExp(`^${entry.replaceAll('.', '\\.').replace('*', '[^/]+')}(/|$)`).test(target)
}
