// Sums up a run of the tests in one line: N passed, N failed, N skipped. Takes vitest's report and further failures.
import { readFileSync } from 'node:fs'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { status: string }[] }[]
}

const [file = '', others = '0'] = process.argv.slice(2)
const text = readFileSync(file, 'utf8')
if (text === '') {
  console.error('vitest has ended without a report: see above')
  console.log(`0 passed, ${1 + Number(others)} failed, 0 skipped`)
} else {
  const report = JSON.parse(text) as Report
  // A file that cannot be loaded holds no test that has failed.
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  ).length
  const failed = report.numFailedTests + broken + Number(others)
  console.log(
    `${report.numPassedTests} passed, ${failed} failed, ${report.numPendingTests + report.numTodoTests} skipped`,
  )
}
