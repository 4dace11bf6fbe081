#!/bin/sh
# Runs one of the project's TypeScript programs on the project's own Node.
cd "$(dirname "$0")/.." || exit 1
# Programs of the administrator, dockerd among them, are not on everybody's path.
PATH=$PATH:/usr/sbin:/sbin
exec node_modules/node/bin/node --disable-warning=ExperimentalWarning "$@"
