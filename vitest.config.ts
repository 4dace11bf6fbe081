import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { FileOrder } from './test/support/file-order.ts'

/** On a machine that others use too, where nobody looks: a second try tells a defect from a moment. */
const RETRY = process.env.CI === 'true' ? 1 : 0
/** One more than the two processors of the smallest machine: most of the long files wait most of the time. */
const WORKERS = 3

/** The threads that a test starts run the sources themselves: what is compiled of them is kept, as bin/slipway keeps it. */
const ENVIRONMENT = { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/slipway') }
/** Of services over stores, which they reach without a server. */
const STORES = 'test/{control,services,storage}/**/*.test.ts'

/** Tests beside the code need no machine; those under test/ start engines, registries, servers and clients. */
export default defineConfig({
  test: {
    sequence: { sequencer: FileOrder },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'scripts/**/*.test.ts'],
          environment: 'node',
          env: ENVIRONMENT,
          globalSetup: 'test/support/global-templates.ts',
          // A file's modules and stores serve the next as well: most files take less time than a process to run them in.
          isolate: false,
          restoreMocks: true,
          retry: RETRY,
          maxWorkers: WORKERS,
          // PGlite, which the tests of stores start, takes seconds, and on a busy machine many.
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'stores',
          include: [STORES],
          environment: 'node',
          env: ENVIRONMENT,
          globalSetup: ['test/support/global-templates.ts', 'test/support/global-engine.ts'],
          // As above: PGlite and the modules of all services take longer than most of these files.
          isolate: false,
          restoreMocks: true,
          retry: RETRY,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/**/*.test.ts'],
          exclude: [STORES],
          environment: 'node',
          env: ENVIRONMENT,
          globalSetup: ['test/support/global-templates.ts', 'test/support/global-engine.ts'],
          retry: RETRY,
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: WORKERS,
        },
      },
    ],
  },
})
