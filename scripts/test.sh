#!/usr/bin/env bash
# Runs lint, types and every test; the last line sums up: N passed, N failed, N skipped. TEST_REPORT names a file in which vitest's
# report is kept, for scripts/record-file-seconds.ts.
set -uo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/node_modules/node/bin:$PWD/node_modules/.bin:$PATH"

# A file that is not well formed says nothing about the tests: they run all the same, and the check counts as one.
checks=0
npm run --silent check || { checks=1; echo "lint, types, imports or unused code: see above" >&2; }
report=${TEST_REPORT:-}
if [ -z "$report" ]; then
  report=$(mktemp)
  trap 'rm -f "$report"' EXIT
fi
vitest run --reporter=default --reporter=json --outputFile.json="$report" "$@"
status=$?
node scripts/test-summary.ts "$report" "$checks"
[ "$status" -eq 0 ] && [ "$checks" -eq 0 ]
