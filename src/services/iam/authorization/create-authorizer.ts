import type { AccessRequest, ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import type { Decision, Denied } from '../../../access/evaluation/decision.ts'
import { deniedMessage } from '../../../access/evaluation/denied-message.ts'
import { evaluate } from '../../../access/evaluation/evaluate.ts'
import { isResourceTagKey, requestContext } from '../../../access/evaluation/request-context.ts'
import type { ContextValue, ContextValues } from '../../../access/policy/context-values.ts'
import type { Clock } from '../../../shared/clock.ts'
import { requestId } from '../../../shared/ids.ts'
import type { AccessQuestion, Authorizer, ResourceSide } from '../../authorizer.ts'
import { AccessDeniedError } from './access-denied.ts'
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

interface Facts {
  readonly request: AccessRequest
  readonly policies: ApplicablePolicies
  /** The resource's tags, as long as nobody has asked for them. */
  readonly late?: LateTags
}

interface LateTags {
  /** Whether a condition key, in lower case, asks for one of them. */
  isAskedBy(key: string): boolean
  load(): Promise<Readonly<Record<string, string>>>
  withTags(tags: Readonly<Record<string, string>>): Facts
}

/** Joins what IAM knows of identities with what services know of their resources, and has it evaluated. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { identities, directories, denials, clock } = deps

  function gather(question: AccessQuestion): Facts | Promise<Facts> {
    const { principal, resource } = question
    const identity = identities.find(principal)
    const side = question.resourceSide ?? findResourceSide(directories, resource, principal)
    if (identity instanceof Promise || side instanceof Promise) {
      return Promise.all([identity, side]).then(([who, what]) => toFacts(question, who, what))
    }
    return toFacts(question, identity, side)
  }

  function toFacts(
    question: AccessQuestion,
    identity: Identity,
    side: ResourceSide,
    resourceTags?: Readonly<Record<string, string>>,
  ): Facts {
    const { principal, origin } = question
    const { session } = principal
    const context = requestContext({
      principal,
      now: origin?.now ?? clock.now(),
      region: origin?.region,
      resourceAccount: side.account === '' ? principal.account : side.account,
      sourceIp: origin?.sourceIp,
      secureTransport: origin?.secureTransport,
      userAgent: origin?.userAgent,
      tokenIssuedAt: session?.issuedAt,
      sourceIdentity: session?.sourceIdentity,
      principalTags: identity.tags,
      resourceTags: side.tagKey === undefined ? resourceTags : undefined,
      keys: ownKeys(question, side, resourceTags),
    })
    const request = {
      principal,
      action: question.action,
      resource: question.resource,
      resourceAccount: side.account,
      canonicalUserId: side.canonicalUserId,
      encryptionContext: question.encryptionContext,
    }
    return {
      request: { ...request, context },
      policies: { ...identity, resource: side.policies },
      ...(side.tags !== undefined &&
        resourceTags === undefined && {
          late: {
            isAskedBy: (key) => (side.tagKey === undefined ? isResourceTagKey(key) : key.startsWith(side.tagKey)),
            load: side.tags,
            withTags: (tags) => toFacts(question, identity, side, tags),
          },
        }),
    }
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

  return {
    decide(question) {
      const judged = judge(gather(question))
      return judged instanceof Promise ? judged.then(({ decision }) => decision) : judged.decision
    },
    require(question) {
      const conclude = ({ facts, decision }: Judged) =>
        decision.allowed ? undefined : refuse(question, facts, decision)
      const judged = judge(gather(question))
      return judged instanceof Promise ? judged.then(conclude) : conclude(judged)
    },
  }
}

/** A role can be handed on only within its account, whatever policies say, and that is what is said. */
const wordingOf = (request: AccessRequest, decision: Denied): string =>
  request.action === 'iam:PassRole' && !['', request.principal.account].includes(request.resourceAccount)
    ? 'Cross-account pass role is not allowed.'
    : deniedMessage(request, decision)

interface Judged {
  readonly facts: Facts
  readonly decision: Decision
}

/**
 * Decides; where the decision hung on a tag of the resource, once more when its tags are known. Most decisions hang on
 * none, so most resources are never asked for theirs.
 */
function judge(facts: Facts | Promise<Facts>): Judged | Promise<Judged> {
  if (facts instanceof Promise) return facts.then(judge)
  const { request, policies, late } = facts
  if (late === undefined) return { facts, decision: evaluate(request, policies) }
  let asked = false
  const context: ContextValues = {
    get(key) {
      asked ||= late.isAskedBy(key)
      return request.context.get(key)
    },
  }
  const decision = evaluate({ ...request, context }, policies)
  return asked ? late.load().then((tags) => judge(late.withTags(tags))) : { facts, decision }
}

/** The keys of the question and of the resource. They go before the global ones. */
function ownKeys(
  { conditions }: AccessQuestion,
  side: ResourceSide,
  tags: Readonly<Record<string, string>> | undefined,
): ContextValues {
  const prefix = side.tagKey
  // Condition keys ignore case, the names of tags in them too.
  const known =
    prefix === undefined || tags === undefined
      ? undefined
      : new Map(Object.entries(tags).map(([name, value]) => [prefix + name.toLowerCase(), value]))
  return { get: (key) => namedIn(conditions, key) ?? namedIn(side.conditions, key) ?? known?.get(key) }
}

const namedIn = (conditions: AccessQuestion['conditions'], key: string): ContextValue | undefined =>
  conditions !== undefined && Object.hasOwn(conditions, key) ? conditions[key] : undefined
