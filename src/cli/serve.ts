import { supervise } from '../cluster/supervisor.ts'
import type { Command } from './command.ts'
import { serverConfig } from './config-flags.ts'

export const serve: Command = {
  help: `
Runs the server until SIGTERM or SIGINT. Prints one line with its URL when it is ready.

Usage: slipway serve [options]

  --host ADDRESS       address to listen on                                  (127.0.0.1)
  --port N             port to listen on; 0 picks a free one                 (8770)
  --data-dir DIR       database, object store, model cache                   (~/.slipway)
  --workers N          worker processes                                      (one a core)
  --runtime KIND       what runs containers: auto, docker, none              (auto)
  --auth MODE          verify signatures, or trust anybody (throw-away CI)   (verify)
  --trust-remote       allow --auth trust beyond loopback
  --region NAME        region of callers that name none                      (us-east-1)
  --stop-containers    remove the model containers at the end; else the next start adopts them
  --public-url URL     URL under which clients reach the server
  --ca-file FILE       further certificate authorities for registries
  --log-level LEVEL    debug, info, warn, error, silent                      (info)
  --config FILE        YAML file with any of the options

Every option may also be a variable (--data-dir is SLIPWAY_DATA_DIR) or a key of the file (dataDir).
A flag wins over a variable, a variable over the file. docs/configuration.md lists them all.

Examples:
  slipway serve
  slipway serve --port 9000 --data-dir /srv/slipway --workers 4
  slipway serve --runtime none --auth trust      # test infrastructure code in CI without containers
`,
  run: (args) => supervise(serverConfig(args)),
}
