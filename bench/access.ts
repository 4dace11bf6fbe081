import type { ApplicablePolicies, AttachedPolicy } from '../src/access/evaluation/access-request.ts'
import { evaluate } from '../src/access/evaluation/evaluate.ts'
import { requestContext } from '../src/access/evaluation/request-context.ts'
import { createPolicyCache } from '../src/access/policy/policy-cache.ts'
import { rolePrincipal } from '../src/access/principals.ts'

/*
 * Decides requests against 20 policies of 10 statements, as an identity with many policies has, on one core, and
 * prints decisions a second and their ratio to what is asked for: 50,000.
 *   node bench/access.ts [seconds]
 */

const seconds = Number(process.argv[2] ?? 2)
const TARGET = 50_000
const ACCOUNT = '111122223333'

const actions = ['s3:Get*', 's3:PutObject', 'sagemaker:Describe*', 'sagemaker:*Endpoint', 'kms:Decrypt', 'ecr:Batch*']

/** Statements of every sort: literals, prefixes, stars in the middle, variables, exceptions and conditions. */
function statement(policy: number, index: number) {
  const number = policy * 10 + index
  const action = actions[number % actions.length]!
  const named = [action, `sagemaker:Create${number}*`, `logs:Put${number}`]
  return {
    Sid: `S${number}`,
    Effect: index === 9 ? 'Deny' : 'Allow',
    ...(index === 8 ? { NotAction: named } : { Action: named }),
    Resource:
      index % 3 === 0
        ? [`arn:aws:sagemaker:*:${ACCOUNT}:endpoint/team-${number}-*`, `arn:aws:s3:::team-${number}/*`]
        : [`arn:aws:s3:::home-${number}/\${aws:userid}/*`, `arn:aws:sagemaker:eu-*-1:${ACCOUNT}:model/*/${number}`],
    ...(index % 2 === 0 && {
      Condition: {
        StringLike: { 'aws:PrincipalArn': `arn:aws:iam::*:role/team-${number}*` },
        IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] },
      },
    }),
  }
}

const cache = createPolicyCache()
const compile = (id: string, statements: readonly unknown[]): AttachedPolicy => ({
  source: { id, type: 'user-managed' },
  policy: cache.compile(JSON.stringify({ Version: '2012-10-17', Statement: statements })),
})

const last = {
  Effect: 'Allow',
  Action: 'sagemaker:InvokeEndpoint',
  Resource: `arn:aws:sagemaker:*:${ACCOUNT}:endpoint/*`,
}
const policies: ApplicablePolicies = {
  identity: Array.from({ length: 20 }, (_, policy) =>
    compile(`policy-${policy}`, [
      ...Array.from({ length: policy === 19 ? 9 : 10 }, (_, index) => statement(policy, index)),
      // What allows stands last, so that nothing is found early.
      ...(policy === 19 ? [last] : []),
    ]),
  ),
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
