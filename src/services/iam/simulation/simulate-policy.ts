import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { ApplicablePolicies, ResourcePolicies } from '../../../access/evaluation/access-request.ts'
import { createSimulator, type SimulationResult } from '../../../access/evaluation/simulate.ts'
import type { PolicyKind } from '../../../access/policy/policy-kind.ts'
import type { Principal } from '../../../access/principal.ts'
import type {
  EvaluationResult,
  SimulateCustomPolicyRequest,
  SimulatePolicyResponse,
  SimulatePrincipalPolicyRequest,
} from '../../../model/generated/iam.ts'
import { parseArn } from '../../../shared/arn.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { invalidInput } from '../errors.ts'
import type { IamDeps } from '../iam-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'
import { givenPolicies, givenPolicy } from './policy-input.ts'
import { findCaller, findSource } from './policy-source.ts'

type Request = Omit<SimulateCustomPolicyRequest, 'PolicyInputList'>

/** Policies that nobody has, decided as if somebody had them. */
export async function simulateCustomPolicy(
  deps: IamDeps,
  input: SimulateCustomPolicyRequest,
  context: RequestContext,
): Promise<SimulatePolicyResponse> {
  const identity = givenPolicies(input.PolicyInputList, 'PolicyInputList')
  const caller = input.CallerArn === undefined ? undefined : await findCaller(deps, input.CallerArn)
  return run(input, context, caller, { identity, ...givenBoundary(input) })
}

/** The policies of a user, role or group, with those that are given besides. */
export async function simulatePrincipalPolicy(
  deps: IamDeps,
  input: SimulatePrincipalPolicyRequest,
  context: RequestContext,
): Promise<SimulatePolicyResponse> {
  const source = await findSource(deps, input.PolicySourceArn)
  const { identity, boundary } = source.own
  const caller = input.CallerArn === undefined ? source.caller : await findCaller(deps, input.CallerArn)
  // As in AWS a role is nobody whom the policy of a resource could name in a simulation.
  const named = input.CallerArn === undefined && caller?.kind !== 'user' ? undefined : caller
  if (input.ResourcePolicy !== undefined && named === undefined) throw callerMissing()
  return run(input, context, caller, {
    identity: [...identity, ...givenPolicies(input.PolicyInputList, 'PolicyInputList')],
    ...(boundary !== undefined && { boundary }),
    ...givenBoundary(input),
  })
}

const callerMissing = () => invalidInput('CallerArn is required when ResourcePolicy is given and no user is simulated.')

/** A boundary that is given stands for the one that the identity has. */
function givenBoundary(input: Request): Pick<ApplicablePolicies, 'boundary'> {
  const list = 'PermissionsBoundaryPolicyInputList'
  const [boundary, more] = givenPolicies(input[list], list)
  if (more !== undefined) throw invalidInput('Only one permissions boundary can be simulated.')
  return boundary === undefined ? {} : { boundary }
}

async function run(
  input: Request,
  { account, signal }: RequestContext,
  caller: Principal | undefined,
  policies: ApplicablePolicies,
): Promise<SimulatePolicyResponse> {
  if (input.ResourceHandlingOption !== undefined)
    throw notImplemented('simulations with ResourceHandlingOption, which is about scenarios of EC2,')
  if (input.ResourcePolicy !== undefined && caller === undefined) throw callerMissing()
  for (const action of input.ActionNames)
    if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action)) throw invalidInput(`Invalid Action: ${action}`)
  const decide = createDecider(input, caller ?? { kind: 'user', account, arn: '', userId: '' }, policies)

  const resources = input.ResourceArns?.length ? input.ResourceArns : ['*']
  const total = input.ActionNames.length * resources.length
  const { Marker: _marker, MaxItems: _maxItems, ...asked } = input
  const scope = ['simulation', account, createHash('sha256').update(JSON.stringify(asked)).digest('base64')]
  const { size, after } = pageRequest(scope, input)
  const first = after === undefined ? 0 : Number(after[0]) + 1
  const end = Math.min(total, first + size)
  const results: EvaluationResult[] = []
  for (let index = first; index < end; index++) {
    const action = input.ActionNames[Math.floor(index / resources.length)]!
    results.push(toResult(decide(action, resources[index % resources.length]!)))
    // A page can be long and its policies large; other requests must not wait for it.
    await setImmediate(undefined, { signal })
  }
  return { EvaluationResults: results, ...pageOutput(scope, { rows: [], next: end < total ? [end - 1] : undefined }) }
}

type Decider = (action: string, resource: string) => SimulationResult

/** One policy stands for that of every resource, as whatever kind of policy the resource would have. */
function createDecider(input: Request, caller: Principal, policies: ApplicablePolicies): Decider {
  const owner = input.ResourceOwner === undefined ? '' : ownerOf(input.ResourceOwner)
  const contextEntries = (input.ContextEntries ?? []).map(({ ContextKeyName: key, ContextKeyValues: values }) => {
    if (key === undefined || values === undefined) throw invalidInput('A context entry has a name and values.')
    return { key, values }
  })
  const simulator = (resource: ResourcePolicies | undefined): Decider =>
    createSimulator({
      caller,
      policies: resource === undefined ? policies : { ...policies, resource },
      resourceOwner: owner,
      contextEntries,
    })
  if (input.ResourcePolicy === undefined) return simulator(undefined)
  const document = input.ResourcePolicy
  const byKind = new Map<PolicyKind, Decider>()
  return (action, resource) => {
    const kind = KINDS[parseArn(resource)?.service ?? ''] ?? 'bucket'
    let decide = byKind.get(kind)
    if (decide === undefined) {
      const policy = givenPolicy(document, kind, { id: 'ResourcePolicy', type: 'resource' })
      decide = simulator({ policies: [policy], rule: RULES[kind] ?? 'ordinary' })
      byKind.set(kind, decide)
    }
    return decide(action, resource)
  }
}

const KINDS: Readonly<Record<string, PolicyKind>> = {
  s3: 'bucket',
  kms: 'key',
  ecr: 'repository',
  sagemaker: 'group',
  iam: 'trust',
}
const RULES: Partial<Record<PolicyKind, ResourcePolicies['rule']>> = { bucket: 'bucket', key: 'key', trust: 'trust' }

/** The account of `arn:aws:iam::222222222222:root`. @throws InvalidInput */
function ownerOf(arn: string): string {
  const account = /^(?:arn:aws:iam::(\d{12}):root|(\d{12}))$/.exec(arn)
  if (account === null) throw invalidInput(`Invalid ResourceOwner: ${arn} names no account.`)
  return account[1] ?? account[2]!
}

const toPosition = ({ line, column }: { line: number; column: number }) => ({ Line: line, Column: column })

function toResult(result: SimulationResult): EvaluationResult {
  return {
    EvalActionName: result.evalActionName,
    EvalResourceName: result.evalResourceName,
    EvalDecision: result.evalDecision,
    MatchedStatements: result.matchedStatements.map((statement) => ({
      SourcePolicyId: statement.sourcePolicyId,
      SourcePolicyType: statement.sourcePolicyType,
      StartPosition: toPosition(statement.startPosition),
      EndPosition: toPosition(statement.endPosition),
    })),
    MissingContextValues: [...result.missingContextValues],
    ...(result.allowedByPermissionsBoundary !== undefined && {
      PermissionsBoundaryDecisionDetail: { AllowedByPermissionsBoundary: result.allowedByPermissionsBoundary },
    }),
    ...(result.evalDecisionDetails !== undefined && { EvalDecisionDetails: { ...result.evalDecisionDetails } }),
  }
}
