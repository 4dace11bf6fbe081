import type { ApplicablePolicies } from '../../../access/evaluation/access-request.ts'
import type { CompiledPolicy } from '../../../access/policy/compiled-policy.ts'
import type { Denial } from '../authorization/create-authorizer.ts'

/** How long, in milliseconds, equal refusals may share an explanation. */
const WINDOW = 10_000
/** How many equal refusals of a window are explained one by one: somebody who tries again may have changed something. */
const EXPLAINED_EACH = 20
/** Explanations an account may cause at once, and a second from then on. */
const BURST = 200
const RATE = 5
/** What is remembered at most, so that nobody fills the memory with names. */
const MAX_REMEMBERED = 2_000

interface Recent {
  readonly explanationId: string
  readonly since: number
  readonly policies: readonly CompiledPolicy[]
  count: number
}

interface Budget {
  left: number
  at: number
}

/**
 * Decides which refusals are explained anew and which share the explanation of another. Those that are equal to twenty
 * others of the last seconds share the last one's; an account that causes too many of all kinds gets those of the same
 * action. The refusals themselves are all kept.
 */
export class ExplanationSharing {
  readonly #equal = new Map<string, Recent>()
  readonly #alike = new Map<string, Recent>()
  readonly #budgets = new Map<string, Budget>()

  /** The explanation to use instead of a new one; undefined when a new one is due: `note` it then. */
  find(denial: Denial): string | undefined {
    const { request, at } = denial
    const equal = this.#equal.get(equalKey(denial))
    const current = equal !== undefined && at - equal.since <= WINDOW && samePolicies(equal.policies, denial.policies)
    if (current) {
      equal.count += 1
      if (equal.count > EXPLAINED_EACH) return equal.explanationId
    }
    if (this.#spend(request.principal.account, at)) return undefined
    return (current ? equal : this.#alike.get(alikeKey(denial)))?.explanationId
  }

  note(denial: Denial, explanationId: string): void {
    const known = this.#equal.get(equalKey(denial))
    const policies = policiesOf(denial.policies)
    const goesOn =
      known !== undefined && denial.at - known.since <= WINDOW && samePolicies(known.policies, denial.policies)
    const recent: Recent = goesOn
      ? { ...known, explanationId }
      : { explanationId, since: denial.at, policies, count: 1 }
    remember(this.#equal, equalKey(denial), recent)
    remember(this.#alike, alikeKey(denial), recent)
  }

  #spend(account: string, now: number): boolean {
    const budget = this.#budgets.get(account) ?? { left: BURST, at: now }
    budget.left = Math.min(BURST, budget.left + (Math.max(0, now - budget.at) * RATE) / 1000)
    budget.at = Math.max(budget.at, now)
    remember(this.#budgets, account, budget)
    if (budget.left < 1) return false
    budget.left -= 1
    return true
  }
}

const equalKey = ({ request, decision }: Denial): string =>
  JSON.stringify([request.principal.arn, request.action, request.resource, decision.policyType, decision.explicit])

const alikeKey = ({ request }: Denial): string => JSON.stringify([request.principal.account, request.action])

/** Compiled policies are cached: those of the same text are the same. */
function samePolicies(known: readonly CompiledPolicy[], given: ApplicablePolicies): boolean {
  const policies = policiesOf(given)
  return known.length === policies.length && known.every((policy, index) => policy === policies[index])
}

function policiesOf({ identity, boundary, session, resource }: ApplicablePolicies): CompiledPolicy[] {
  const attached = [...identity, ...(boundary === undefined ? [] : [boundary]), ...(session ?? [])]
  return [...attached, ...(resource?.policies ?? [])].map(({ policy }) => policy)
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= MAX_REMEMBERED) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    break
  }
}
