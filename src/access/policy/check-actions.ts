import { MAX_SUBJECT, Refusal } from './policy-fault.ts'
import { KIND_RULES, type PolicyKind } from './policy-kind.ts'
import type { ReadStatement } from './read-policy.ts'

/** @throws Refusal for actions that are none, or none of the service whose resource the policy is put on. */
export function checkActions({ actions, node }: ReadStatement, kind: PolicyKind): void {
  if (actions === undefined || actions.items.length === 0) {
    throw new Refusal('no-action', node.start, {
      sentence: kind === 'identity' ? 'Policy statement must contain actions.' : undefined,
    })
  }
  const { service } = KIND_RULES[kind]
  for (const { text, start } of actions.items) {
    const sentence = service === undefined ? wrongAction(text) : wrongActionOf(service, text)
    if (sentence !== undefined) throw new Refusal('action', start, { sentence, subject: text })
  }
}

function wrongAction(action: string): string | undefined {
  if (action === '*') return undefined
  const [vendor, name, ...more] = action.split(':')
  if (name === undefined) return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
  if (more.length > 0) return 'Actions/Condition can contain only one colon.'
  if (vendor !== '*' && !/^[A-Za-z0-9.-]+$/.test(vendor!)) return `Vendor ${vendor!.slice(0, MAX_SUBJECT)} is not valid`
  return /^[A-Za-z0-9*?]+$/.test(name) ? undefined : 'The policy failed legacy parsing'
}

/** A policy of a role is about assuming it, and nothing stands for that but its own name. */
function wrongActionOf(service: string, action: string): string | undefined {
  if (service === 'sts' && !/^sts:/i.test(action)) return 'AssumeRole policy may only specify STS AssumeRole actions.'
  if (action === '*') return undefined
  const vendor = action.slice(0, action.indexOf(':')).toLowerCase()
  if (vendor !== service) return `Vendor ${vendor.slice(0, MAX_SUBJECT)} is not valid`
  return wrongAction(action)
}
