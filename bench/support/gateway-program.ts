import { startInvocationGateway } from '../../test/support/invocation-gateway.ts'
import { serve } from './program.ts'

/*
 * The gateway before one container, signatures verified: node gateway-program.ts ADDRESS [BYTES]. BYTES is what the bodies of
 * waiting invocations may take. Says its port.
 */

const [address = '', bytes] = process.argv.slice(2)
const { port, route } = await startInvocationGateway(bytes === undefined ? {} : { memoryBytes: Number(bytes) })
const instances = [{ id: 'i-1', address }]
route('bench', { variants: [{ name: 'v', weight: 1, share: 1, strategy: 'RANDOM', instances }] })
serve({ port }, () => undefined)
