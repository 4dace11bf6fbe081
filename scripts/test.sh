#!/usr/bin/env bash
# Runs lint, types and every test; the last line sums up: N passed, N failed, N skipped.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/node/bin:$PWD/node_modules/.bin:$PATH"

npm run --silent check || { echo "lint, types or unused code: see above" >&2; exit 1; }
report=$(mktemp)
trap 'rm -f "$report"' EXIT
vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@"
status=$?
node -e '
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(require("fs").readFileSync(process.argv[1], "utf8"))
  const brokenFiles = testResults.filter((file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed")).length
  console.log(`${numPassedTests} passed, ${numFailedTests + brokenFiles} failed, ${numPendingTests + numTodoTests} skipped`)
' "$report"
exit $status
