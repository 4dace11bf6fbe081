import { checkActions } from './check-actions.ts'
import { checkApplies } from './check-applies.ts'
import { checkPrincipals } from './check-principals.ts'
import { checkResources } from './check-resources.ts'
import { parseOperator, takesValues } from './condition.ts'
import { type PolicyFault, Refusal, toFault } from './policy-fault.ts'
import { KIND_RULES, type PolicyKind } from './policy-kind.ts'
import { type ReadCondition, type ReadStatement, readPolicy, ShapeFault } from './read-policy.ts'

interface CheckOptions {
  /** The ARN of the bucket or model package group a policy is put on: statements must be about it or what is in it. */
  readonly resource?: string
}

/**
 * Says what is wrong with a document that is put, in the words of its service; undefined when nothing is. Whether the
 * principals it names exist, and its size (`isTooLarge`), are the caller's matter.
 */
export function checkPolicy(text: string, kind: PolicyKind, options: CheckOptions = {}): PolicyFault | undefined {
  try {
    const { version, statements } = read(text)
    if (!KIND_RULES[kind].versions.includes(version)) throw new Refusal('version', 0)
    const sids = new Set<string>()
    for (const statement of statements) {
      checkStatement(statement, kind, options, version === '2012-10-17')
      const sid = statement.sid?.text ?? ''
      if (sid !== '' && sids.has(sid)) throw new Refusal('repeated-sid', statement.sid!.start)
      sids.add(sid)
    }
    return undefined
  } catch (error) {
    if (error instanceof Refusal) return toFault(error, kind, text)
    throw error
  }
}

function read(text: string) {
  try {
    return readPolicy(text)
  } catch (error) {
    if (!(error instanceof ShapeFault)) throw error
    const { code, offset, subject } = error
    // What is no document at all has no position worth telling: a file's name, say, in place of what is in it.
    if (code === 'json' && !text.trimStart().startsWith('{')) {
      throw new Refusal(code, offset, { sentence: 'Syntax errors in policy.' })
    }
    const sentence = code === 'effect' ? `Invalid effect: ${subject.slice(0, 64)}` : undefined
    throw new Refusal(code, offset, { subject, sentence })
  }
}

function checkStatement(
  statement: ReadStatement,
  kind: PolicyKind,
  { resource }: CheckOptions,
  variables: boolean,
): void {
  const { sid } = statement
  // Only IAM holds Sids to letters and digits; the others' examples have blanks in them.
  const strict = kind === 'identity' || kind === 'trust'
  if (sid !== undefined && strict && !/^[0-9A-Za-z]*$/.test(sid.text)) throw new Refusal('sid', sid.start)
  checkActions(statement, kind)
  checkPrincipals(statement, kind)
  checkResources(statement, kind, resource)
  if (kind === 'bucket') checkApplies(statement)
  for (const condition of statement.conditions) checkCondition(condition, variables)
}

function checkCondition({ operator, operatorAt, key, keyAt, values }: ReadCondition, variables: boolean): void {
  if (parseOperator(operator) === undefined) throw new Refusal('operator', operatorAt, { subject: operator })
  if (!key.includes(':')) throw new Refusal('condition-key', keyAt, { subject: key })
  const wrong = values.find(({ text }) => !takesValues(operator, [text], variables))
  if (wrong !== undefined) throw new Refusal('condition-value', wrong.start, { subject: wrong.text })
}
