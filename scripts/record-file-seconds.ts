// Writes how long each test file took, from vitest's report in JSON: scripts/run.sh scripts/record-file-seconds.ts REPORT
// A run with TEST_REPORT=REPORT keeps it. test/support/file-order.ts reads what is written.
import { readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'

interface Report {
  readonly testResults: readonly { readonly name: string; readonly startTime: number; readonly endTime: number }[]
}

const [file] = process.argv.slice(2)
if (file === undefined) throw new Error('name the report')
const { testResults } = JSON.parse(readFileSync(file, 'utf8')) as Report
const seconds = testResults
  .map(({ name, startTime, endTime }) => [relative('.', name), Math.round((endTime - startTime) / 1000)] as const)
  .filter(([, took]) => took >= 2)
  .sort(([one], [other]) => (one < other ? -1 : 1))
writeFileSync('test/support/file-seconds.json', `${JSON.stringify(Object.fromEntries(seconds), undefined, 2)}\n`)
