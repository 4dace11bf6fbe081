import type { ContextValue, ContextValues } from '../../../access/policy/context-values.ts'
import type { AccessQuestion, ResourceSide } from '../../authorizer.ts'
import type { Identity } from './identity-policies.ts'

/** Resources that are remembered of one user or role; then all are forgotten and asked again. */
const MAX_REMEMBERED = 128
/** Questions about one of them, the newest. */
const MAX_OF_ONE_RESOURCE = 64
/** Condition keys that a decision may have looked at to be remembered. */
const MAX_LOOKED_AT = 8

/** Condition keys whose values hang on nothing but the principal, its policies' holder and the resource's account. */
const LASTING = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalisawsservice',
  'aws:principaltype',
  'aws:resourceaccount',
  'aws:userid',
  'aws:username',
  'aws:viaawsservice',
])
const PRINCIPAL_TAG = 'aws:principaltag/'
/** Never the same again, or unknown to a context that has not read the tags of what may exist by then. */
const isUnrepeatable = (key: string): boolean =>
  key === 'aws:currenttime' || key === 'aws:epochtime' || key.includes('tag/')

/** What a decision has looked at: condition keys and their values. */
export type LookedAt = ReadonlyMap<string, ContextValue | undefined>

/**
 * Remembers what an identity has been allowed, where a resource has no policies. Deciding is a function of the policies,
 * the question and the condition keys that are looked at: where those are the same, so is the decision. It hangs on the
 * identity as it was loaded, so it is forgotten with it by any change of a policy. A refusal is always worked out anew.
 */
export class AllowedBefore {
  /** By resource: a request that is repeated names it by the same string, whose hash is known. */
  readonly #allowed = new WeakMap<Identity, Map<string, Remembered[]>>()

  /** What the request must have, as it had when it was allowed; undefined when it has not been. */
  find(identity: Identity, question: AccessQuestion, side: ResourceSide): LookedAt | undefined {
    if (side.policies !== undefined || overrides(question, side)) return undefined
    return this.#allowed
      .get(identity)
      ?.get(question.resource)
      ?.find((known) => isAbout(known, question, side))?.lookedAt
  }

  add(identity: Identity, question: AccessQuestion, side: ResourceSide, lookedAt: LookedAt): void {
    if (side.policies !== undefined || overrides(question, side)) return
    let known = this.#allowed.get(identity)
    if (known === undefined) {
      known = new Map<string, Remembered[]>()
      this.#allowed.set(identity, known)
    }
    const { principal, action, resource } = question
    const others = known.get(resource)?.filter((one) => !isAbout(one, question, side)) ?? []
    if (known.size >= MAX_REMEMBERED && !known.has(resource)) known.clear()
    const newest = { action, account: side.account, arn: principal.arn, lookedAt }
    known.set(resource, [...others.slice(1 - MAX_OF_ONE_RESOURCE), newest])
  }
}

interface Remembered {
  readonly action: string
  /** The resource's. */
  readonly account: string
  /** Many sessions share the policies of a role, so who asks is part of it. */
  readonly arn: string
  readonly lookedAt: LookedAt
}

const isAbout = (known: Remembered, { principal, action }: AccessQuestion, { account }: ResourceSide): boolean =>
  known.action === action && known.arn === principal.arn && known.account === account

const lasts = (key: string): boolean => LASTING.has(key) || key.startsWith(PRINCIPAL_TAG)

/** Keys that come with a question or a resource go before what is known of the principal. */
function overrides({ conditions }: AccessQuestion, side: ResourceSide): boolean {
  return namesLasting(conditions) || namesLasting(side.conditions)
}

function namesLasting(conditions: AccessQuestion['conditions']): boolean {
  if (conditions === undefined) return false
  for (const key of Object.keys(conditions)) if (lasts(key)) return true
  return false
}

/** The condition keys of a request, and which of them have been looked at. */
export interface WatchedContext extends ContextValues {
  /** Without those that last; undefined when one of them cannot be the same another time. */
  readonly lookedAt: LookedAt | undefined
  /** Whether a tag of the resource was looked at; they are read only where they matter, and so never remembered. */
  readonly askedForTag: boolean
}

const NOTHING: LookedAt = new Map()

export function watch(context: ContextValues, isTag: (key: string) => boolean): WatchedContext {
  let seen: Map<string, ContextValue | undefined> | undefined
  let askedForTag = false
  let isRepeatable = true
  return {
    get(key) {
      const value = context.get(key)
      if (lasts(key)) return value
      if (isTag(key)) askedForTag = true
      else if (isRepeatable) {
        seen ??= new Map()
        seen.set(key, value)
        isRepeatable = seen.size <= MAX_LOOKED_AT && !isUnrepeatable(key)
      }
      return value
    },
    get lookedAt() {
      return isRepeatable && !askedForTag ? (seen ?? NOTHING) : undefined
    },
    get askedForTag() {
      return askedForTag
    },
  }
}

/** Whether a request has what another had. */
export function hasThe(context: ContextValues, lookedAt: LookedAt): boolean {
  for (const [key, value] of lookedAt) if (!same(context.get(key), value)) return false
  return true
}

function same(one: ContextValue | undefined, other: ContextValue | undefined): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one.length !== other.length) return false
  return one.every((value, index) => value === other[index])
}
