import type { AccessRequest, ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import { isResourceTagKey, requestContext } from '../../../access/evaluation/request-context.ts'
import type { ContextValue, ContextValues } from '../../../access/policy/context-values.ts'
import type { AccessQuestion, ResourceSide } from '../../authorizer.ts'
import type { Identity } from './identity-policies.ts'

/** A question with all that is known about it: what an evaluation takes. */
export interface Facts {
  readonly request: AccessRequest
  readonly policies: ApplicablePolicies
}

type Tags = Readonly<Record<string, string>>

/** `now` in epoch milliseconds; `tags` are the resource's, undefined as long as nobody has asked for them. */
export function factsOf(
  question: AccessQuestion,
  identity: Identity,
  side: ResourceSide,
  now: number,
  tags?: Tags,
): Facts {
  const request: AccessRequest = {
    principal: question.principal,
    action: question.action,
    resource: question.resource,
    resourceAccount: side.account,
    canonicalUserId: side.canonicalUserId,
    encryptionContext: question.encryptionContext,
    context: contextOf(question, identity, side, now, tags),
  }
  return { request, policies: { ...identity, resource: side.policies } }
}

/** The condition keys of a question. */
export function contextOf(
  question: AccessQuestion,
  identity: Identity,
  side: ResourceSide,
  now: number,
  tags?: Tags,
): ContextValues {
  const { principal, origin } = question
  const { session } = principal
  return requestContext({
    principal,
    now,
    region: origin?.region,
    resourceAccount: side.account === '' ? principal.account : side.account,
    sourceIp: origin?.sourceIp,
    secureTransport: origin?.secureTransport,
    userAgent: origin?.userAgent,
    tokenIssuedAt: session?.issuedAt,
    sourceIdentity: session?.sourceIdentity,
    principalTags: identity.tags,
    resourceTags: side.tagKey === undefined ? tags : undefined,
    keys: ownKeys(question, side, tags),
  })
}

/** Whether a condition key, in lower case, asks for a tag of the resource. */
export const asksForTag = ({ tagKey }: ResourceSide, key: string): boolean =>
  tagKey === undefined ? isResourceTagKey(key) : key.startsWith(tagKey)

/** The keys of the question and of the resource. They go before the global ones. */
function ownKeys({ conditions }: AccessQuestion, side: ResourceSide, tags: Tags | undefined): ContextValues {
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
