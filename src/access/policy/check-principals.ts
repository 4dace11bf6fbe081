import { Refusal } from './policy-fault.ts'
import { KIND_RULES, type PolicyKind } from './policy-kind.ts'
import { type ReadStatement, readPolicy, ShapeFault } from './read-policy.ts'

/** @throws Refusal for principals that are missing, forbidden, or cannot be one. */
export function checkPrincipals({ principals, node }: ReadStatement, kind: PolicyKind): void {
  if (!KIND_RULES[kind].namesPrincipals) {
    if (principals !== undefined) throw new Refusal('principal-forbidden', principals.node.start)
    return
  }
  if (principals === undefined) throw new Refusal('no-principal', node.start)
  if (principals.named === '*') return
  for (const [type, names] of principals.named) {
    if (names.length === 0) throw new Refusal('no-principal', principals.node.start)
    for (const { text, start } of names) {
      if (isPrincipal(type, text)) continue
      const sentence = `Invalid principal in policy: "${type.slice(0, 64).toUpperCase()}":"${text.slice(0, 256)}"`
      throw new Refusal('principal', start, { sentence, subject: text })
    }
  }
}

/** Names are whole: no wildcards in them. */
const AWS_PRINCIPAL =
  /^(?:\*|\d{12}|A(?:ROA|IDA)[A-Z0-9]{12,}|arn:aws[a-z-]*:(?:iam::\d{12}:(?:root|(?:user|role)\/[^*?]+)|sts::\d{12}:(?:assumed-role\/[^*?/]+\/[^*?/]+|federated-user\/[^*?]+)))$/

function isPrincipal(type: string, name: string): boolean {
  if (type === 'AWS') return AWS_PRINCIPAL.test(name)
  if (type === 'Service') return /^[a-z0-9.-]+\.(?:amazonaws\.com|amazon\.com|aws\.internal)(?:\.cn)?$/.test(name)
  return (type === 'Federated' || type === 'CanonicalUser') && name !== ''
}

/**
 * The users and roles a policy names, by ARN: services refuse policies that name one that does not exist. Sessions,
 * accounts, services and unique ids are not looked up.
 */
export function namedIdentities(text: string): string[] {
  try {
    const named = readPolicy(text).statements.flatMap(({ principals }) =>
      principals === undefined || principals.named === '*' ? [] : (principals.named.get('AWS') ?? []),
    )
    return [
      ...new Set(named.map((name) => name.text).filter((name) => /^arn:[^:]*:iam::\d{12}:(?:user|role)\//.test(name))),
    ]
  } catch (error) {
    if (error instanceof ShapeFault) return []
    throw error
  }
}
