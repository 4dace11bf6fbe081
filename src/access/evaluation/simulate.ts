import { type CompiledPolicy, contextKeysOf } from '../policy/compiled-policy.ts'
import type { ContextValue, ContextValues } from '../policy/context-values.ts'
import type { Position } from '../policy/json-tree.ts'
import type { Principal } from '../principal.ts'
import type { AccessRequest, ApplicablePolicies, PolicySource } from './access-request.ts'
import type { Decision } from './decision.ts'
import { type Explanation, explain } from './explain.ts'

/** What SimulateCustomPolicy and SimulatePrincipalPolicy ask. */
export interface Simulation {
  readonly caller: Principal
  readonly policies: ApplicablePolicies
  readonly actions: readonly string[]
  /** `*` alone when the caller named none. */
  readonly resources: readonly string[]
  /** The account that owns the resources; empty for the caller's own. */
  readonly resourceOwner: string
  /** Keys as the caller wrote them. */
  readonly contextEntries: readonly { readonly key: string; readonly values: readonly string[] }[]
}

export type EvalDecision = 'allowed' | 'explicitDeny' | 'implicitDeny'

/** One action on one resource, named as in IAM's EvaluationResult. */
export interface SimulationResult {
  readonly evalActionName: string
  readonly evalResourceName: string
  readonly evalDecision: EvalDecision
  readonly matchedStatements: readonly MatchedStatement[]
  readonly missingContextValues: readonly string[]
  /** Of each side, for requests between accounts. */
  readonly evalDecisionDetails: Readonly<Record<string, EvalDecision>> | undefined
  readonly allowedByPermissionsBoundary: boolean | undefined
}

export interface MatchedStatement {
  readonly sourcePolicyId: string
  readonly sourcePolicyType: PolicySource['type']
  readonly startPosition: Position
  readonly endPosition: Position
}

/** Decides every action on every resource, by the same evaluator that decides requests. */
export function simulate(simulation: Simulation): SimulationResult[] {
  const { actions, resources } = simulation
  const decide = createSimulator(simulation)
  return actions.flatMap((action) => resources.map((resource) => decide(action, resource)))
}

/** Decides one action on one resource at a time, for simulations too long to be done at once. */
export function createSimulator(
  simulation: Omit<Simulation, 'actions' | 'resources'>,
): (action: string, resource: string) => SimulationResult {
  const { contextEntries, policies } = simulation
  const values = new Map<string, ContextValue>(
    contextEntries.map(({ key, values: given }) => [key.toLowerCase(), given.length === 1 ? given[0]! : given]),
  )
  const missing = contextKeysOf(allOf(policies)).filter((key) => !values.has(key.toLowerCase()))
  return (action, resource) => simulateOne(simulation, action, resource, values, missing)
}

function simulateOne(
  { caller, policies, resourceOwner }: Omit<Simulation, 'actions' | 'resources'>,
  action: string,
  resource: string,
  context: ContextValues,
  missing: readonly string[],
): SimulationResult {
  const request: AccessRequest = { principal: caller, action, resource, resourceAccount: resourceOwner, context }
  const explanation = explain(request, policies)
  return {
    evalActionName: action,
    evalResourceName: resource,
    evalDecision: toEvalDecision(explanation.decision),
    matchedStatements: matched(explanation),
    missingContextValues: missing,
    evalDecisionDetails: isAcross(caller, resourceOwner) ? sides(explanation) : undefined,
    allowedByPermissionsBoundary:
      policies.boundary === undefined ? undefined : sideDecision(explanation, ['boundary']) === 'allowed',
  }
}

const toEvalDecision = (decision: Decision): EvalDecision =>
  decision.allowed ? 'allowed' : decision.explicit ? 'explicitDeny' : 'implicitDeny'

/** The statements that decide: where one denies, only those that do. */
function matched({ policies, decision }: Explanation): MatchedStatement[] {
  const effect = !decision.allowed && decision.explicit ? 'Deny' : 'Allow'
  return policies.flatMap(({ source, policyType, statements }) =>
    statements
      .filter((statement) => statement.outcome === 'matches' && statement.effect === effect)
      // A boundary that allows grants nothing; it is told in a member of its own.
      .filter(() => effect === 'Deny' || policyType !== 'boundary')
      .map(({ start, end }) => ({
        sourcePolicyId: source.id,
        sourcePolicyType: source.type,
        startPosition: start,
        endPosition: end,
      })),
  )
}

const isAcross = (caller: Principal, owner: string): boolean => owner !== '' && owner !== caller.account

const sides = (explanation: Explanation): Record<string, EvalDecision> => ({
  'IAM Policy': sideDecision(explanation, ['identity', 'session']),
  'Resource Policy': sideDecision(explanation, ['resource', 'trust']),
})

function sideDecision({ policies }: Explanation, types: readonly string[]): EvalDecision {
  const effects = policies
    .filter(({ policyType }) => types.includes(policyType))
    .flatMap(({ unreadable, statements }) => [
      ...(unreadable ? ['Deny'] : []),
      ...statements.filter(({ outcome }) => outcome === 'matches').map(({ effect }) => effect),
    ])
  if (effects.includes('Deny')) return 'explicitDeny'
  return effects.includes('Allow') ? 'allowed' : 'implicitDeny'
}

function allOf({ identity, boundary, session = [], resource }: ApplicablePolicies): CompiledPolicy[] {
  const attached = [
    ...identity,
    ...(boundary === undefined ? [] : [boundary]),
    ...session,
    ...(resource?.policies ?? []),
  ]
  return attached.map(({ policy }) => policy)
}
