// Exits with 0 when a container engine answers on this machine, else says why it does not. For scripts/setup.sh.
import { detectEngine } from '../src/runtime/docker/detect-socket.ts'

try {
  await detectEngine({ signal: AbortSignal.timeout(10_000) })
} catch (error) {
  console.error((error as Error).message)
  process.exitCode = 1
}
