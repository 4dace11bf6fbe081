import type { AccessRequest, ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import type { Decision, Denied } from '../../../access/evaluation/decision.ts'
import { deniedMessage } from '../../../access/evaluation/denied-message.ts'
import { evaluate } from '../../../access/evaluation/evaluate.ts'
import { isResourceTagKey, requestContext } from '../../../access/evaluation/request-context.ts'
import { contextKeysOf } from '../../../access/policy/compiled-policy.ts'
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
}

/** Joins what IAM knows of identities with what services know of their resources, and has it evaluated. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { identities, directories, denials, clock } = deps

  function gather(question: AccessQuestion): Facts | Promise<Facts> {
    const { principal, resource } = question
    const identity = identities.find(principal)
    const side = question.resourceSide ?? findResourceSide(directories, resource, principal)
    if (identity instanceof Promise || side instanceof Promise) {
      return Promise.all([identity, side]).then(([who, what]) => withTags(question, who, what))
    }
    return withTags(question, identity, side)
  }

  function withTags(question: AccessQuestion, identity: Identity, side: ResourceSide): Facts | Promise<Facts> {
    if (side.tags === undefined || !(identity.asksResourceTags || asksTags(side)))
      return toFacts(question, identity, side, undefined)
    return side.tags().then((tags) => toFacts(question, identity, side, tags))
  }

  function toFacts(
    question: AccessQuestion,
    identity: Identity,
    side: ResourceSide,
    resourceTags: Readonly<Record<string, string>> | undefined,
  ): Facts {
    const { principal, origin, conditions } = question
    const { session } = principal
    return {
      request: {
        principal,
        action: question.action,
        resource: question.resource,
        resourceAccount: side.account,
        encryptionContext: question.encryptionContext,
        context: requestContext({
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
          resourceTags,
          keys: conditions === undefined ? undefined : new Map(Object.entries(conditions).filter(isGiven)),
        }),
      },
      policies: { ...identity, resource: side.policies },
    }
  }

  async function refuse(question: AccessQuestion, facts: Facts, decision: Denied): Promise<never> {
    const id = question.origin?.requestId ?? requestId()
    const at = question.origin?.now ?? clock.now()
    const denial = { id, at, ...facts, decision, conditionKeys: Object.keys(question.conditions ?? {}) }
    await denials.record(denial)
    const encoded = denials.encode(denial)
    const service = question.service ?? question.action.slice(0, question.action.indexOf(':'))
    const headers: Record<string, string> = encoded === undefined ? {} : { [MESSAGE_HEADER]: encoded }
    throw new AccessDeniedError(service, wordingOf(facts.request, decision), id, headers)
  }

  return {
    decide(question) {
      const facts = gather(question)
      return facts instanceof Promise ? facts.then(decideOn) : decideOn(facts)
    },
    require(question) {
      const conclude = (facts: Facts) => {
        const decision = decideOn(facts)
        return decision.allowed ? undefined : refuse(question, facts, decision)
      }
      const facts = gather(question)
      return facts instanceof Promise ? facts.then(conclude) : conclude(facts)
    },
  }
}

/** A role can be handed on only within its account, whatever policies say, and that is what is said. */
const wordingOf = (request: AccessRequest, decision: Denied): string =>
  request.action === 'iam:PassRole' && !['', request.principal.account].includes(request.resourceAccount)
    ? 'Cross-account pass role is not allowed.'
    : deniedMessage(request, decision)

const decideOn = ({ request, policies }: Facts): Decision => evaluate(request, policies)

const isGiven = <Value>(entry: [string, Value | undefined]): entry is [string, Value] => entry[1] !== undefined

const asksTags = ({ policies }: ResourceSide): boolean =>
  contextKeysOf((policies?.policies ?? []).map(({ policy }) => policy)).some(isResourceTagKey)
