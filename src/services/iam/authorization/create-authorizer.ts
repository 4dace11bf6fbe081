import type { AccessRequest, ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import { ALLOWED, type Decision, type Denied } from '../../../access/evaluation/decision.ts'
import { deniedMessage } from '../../../access/evaluation/denied-message.ts'
import { evaluate } from '../../../access/evaluation/evaluate.ts'
import type { Clock } from '../../../shared/clock.ts'
import { requestId } from '../../../shared/ids.ts'
import type { AccessQuestion, Authorizer, ResourceSide } from '../../authorizer.ts'
import { AccessDeniedError } from './access-denied.ts'
import { asksForTag, contextOf, type Facts, factsOf } from './access-facts.ts'
import { AllowedBefore, hasThe, watch } from './allowed-before.ts'
import type { Identity, IdentityPolicies } from './identity-policies.ts'
import { findResourceSide, type ResourceDirectories } from './resource-directories.ts'

export interface AuthorizerDeps {
  readonly identities: IdentityPolicies
  readonly directories: ResourceDirectories
  readonly denials: DenialRecorder
  readonly clock: Clock
}

/** Where refusals are kept for whoever asks why. */
export interface DenialRecorder {
  /** Never rejects: a refusal stands whether or not it could be written down. */
  record(denial: Denial): Promise<void>
  /** What the caller may hand to an administrator, for sts:DecodeAuthorizationMessage; undefined for none. */
  encode(denial: Denial): string | undefined
}

/** A refusal with all that was looked at. */
export interface Denial {
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
  readonly request: AccessRequest
  readonly policies: ApplicablePolicies
  readonly decision: Denied
  /** Names of the condition keys that came with the question, beside the global ones. */
  readonly conditionKeys: readonly string[]
}

/** The header of a refusal that carries the encoded message. AWS puts it into the text of some services' errors. */
const MESSAGE_HEADER = 'x-slipway-encoded-authorization-message'

/** What follows from a decision. `facts` are undefined when it is known from before, which only what is allowed is. */
type Conclude<Result> = (
  question: AccessQuestion,
  decision: Decision,
  facts: Facts | undefined,
) => Result | Promise<Result>

/** Joins what IAM knows of identities with what services know of their resources, and has it evaluated. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { identities, denials, clock } = deps
  const directories = new Map(Object.entries(deps.directories))
  const allowedBefore = new AllowedBefore()

  /** Decides and has `conclude` say what follows; at once where everything is known. */
  function ask<Result>(question: AccessQuestion, conclude: Conclude<Result>): Result | Promise<Result> {
    const { principal, resource } = question
    const identity = identities.find(principal)
    const side = question.resourceSide ?? findResourceSide(directories, resource, principal)
    if (identity instanceof Promise || side instanceof Promise) {
      return Promise.all([identity, side]).then(([who, what]) => judge(question, who, what, conclude))
    }
    return judge(question, identity, side, conclude)
  }

  /**
   * Where the decision hung on a tag of the resource, it is made once more when its tags are known. Most decisions hang
   * on none, so most resources are never asked for theirs.
   */
  function judge<Result>(
    question: AccessQuestion,
    identity: Identity,
    side: ResourceSide,
    conclude: Conclude<Result>,
  ): Result | Promise<Result> {
    const now = question.origin?.now ?? clock.now()
    const before = allowedBefore.find(identity, question, side)
    if (before !== undefined && (before.size === 0 || hasThe(contextOf(question, identity, side, now), before)))
      return conclude(question, ALLOWED, undefined)

    const facts = factsOf(question, identity, side, now)
    const context = watch(facts.request.context, (key) => asksForTag(side, key))
    const decision = evaluate({ ...facts.request, context }, facts.policies)
    if (side.tags !== undefined && context.askedForTag) {
      return side.tags().then((tags) => {
        const known = factsOf(question, identity, side, now, tags)
        return conclude(question, evaluate(known.request, known.policies), known)
      })
    }
    if (decision.allowed && context.lookedAt !== undefined)
      allowedBefore.add(identity, question, side, context.lookedAt)
    return conclude(question, decision, facts)
  }

  async function refuse(question: AccessQuestion, facts: Facts, decision: Denied): Promise<never> {
    const id = question.origin?.requestId ?? requestId()
    const at = question.origin?.now ?? clock.now()
    const denial = {
      id,
      at,
      request: facts.request,
      policies: facts.policies,
      decision,
      conditionKeys: Object.keys(question.conditions ?? {}),
    }
    await denials.record(denial)
    const encoded = denials.encode(denial)
    const service = question.service ?? question.action.slice(0, question.action.indexOf(':'))
    const headers: Record<string, string> = encoded === undefined ? {} : { [MESSAGE_HEADER]: encoded }
    throw new AccessDeniedError(service, wordingOf(facts.request, decision), id, headers)
  }

  const decided: Conclude<Decision> = (_question, decision) => decision
  const required: Conclude<void> = (question, decision, facts) =>
    decision.allowed || facts === undefined ? undefined : refuse(question, facts, decision)

  return { decide: (question) => ask(question, decided), require: (question) => ask(question, required) }
}

/** A role can be handed on only within its account, whatever policies say, and that is what is said. */
const wordingOf = (request: AccessRequest, decision: Denied): string =>
  request.action === 'iam:PassRole' && !['', request.principal.account].includes(request.resourceAccount)
    ? 'Cross-account pass role is not allowed.'
    : deniedMessage(request, decision)
