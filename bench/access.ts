import type { ApplicablePolicies, AttachedPolicy } from '../src/access/evaluation/access-request.ts'
import { evaluate } from '../src/access/evaluation/evaluate.ts'
import { requestContext } from '../src/access/evaluation/request-context.ts'
import { createPolicyCache } from '../src/access/policy/policy-cache.ts'
import { rolePrincipal } from '../src/access/principals.ts'
import { manyPolicies } from './support/many-policies.ts'

/*
 * Decides requests against 20 policies of 10 statements, as an identity with many policies has, on one core, and
 * prints decisions a second and their ratio to what is asked for: 50,000.
 *   node bench/access.ts [seconds]
 */

const seconds = Number(process.argv[2] ?? 2)
const TARGET = 50_000
const ACCOUNT = '111122223333'

const cache = createPolicyCache()
const compile = (id: string, statements: readonly unknown[]): AttachedPolicy => ({
  source: { id, type: 'user-managed' },
  policy: cache.compile(JSON.stringify({ Version: '2012-10-17', Statement: statements })),
})

const policies: ApplicablePolicies = {
  identity: manyPolicies(ACCOUNT).map((statements, policy) => compile(`policy-${policy}`, statements)),
}

const principal = rolePrincipal(ACCOUNT, { path: '/', name: 'team', id: 'AROATEAMTEAMTEAM' }, 'job')
const decide = (endpoint: number): boolean =>
  evaluate(
    {
      principal,
      action: 'sagemaker:InvokeEndpoint',
      resource: `arn:aws:sagemaker:eu-west-1:${ACCOUNT}:endpoint/e${endpoint}`,
      resourceAccount: ACCOUNT,
      context: requestContext({ principal, now: 1_777_636_800_000, region: 'eu-west-1', sourceIp: '203.0.113.9' }),
    },
    policies,
  ).allowed

/** By the processor time of this process, so that what else runs on the machine does not count. */
function decisionsPerSecond(duration: number): number {
  const start = process.cpuUsage()
  const end = performance.now() + duration * 1000
  let decisions = 0
  while (performance.now() < end) {
    for (let index = 0; index < 100; index += 1) {
      if (!decide(decisions + index)) throw new Error('a decision went wrong')
    }
    decisions += 100
  }
  const { user, system } = process.cpuUsage(start)
  return (decisions * 1e6) / (user + system)
}

decisionsPerSecond(seconds / 4)
const rate = decisionsPerSecond(seconds)
console.log(
  `access: ${Math.round(rate).toLocaleString('en')} decisions/s on one core with 20 policies of 10 statements, ` +
    `${(rate / TARGET).toFixed(2)} x the ${TARGET.toLocaleString('en')} asked for`,
)
