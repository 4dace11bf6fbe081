import { type Position, positionOf } from './json-tree.ts'
import type { PolicyKind } from './policy-kind.ts'

/** What is wrong with a policy, in the words of the service that refuses it, and where it stands. */
export interface PolicyFault {
  readonly code: FaultCode
  readonly message: string
  readonly position: Position
}

export type FaultCode =
  | 'json'
  | 'syntax'
  | 'member'
  | 'version'
  | 'no-statement'
  | 'empty-statement'
  | 'sid'
  | 'repeated-sid'
  | 'no-effect'
  | 'effect'
  | 'no-action'
  | 'action'
  | 'no-resource'
  | 'resource'
  | 'resource-forbidden'
  | 'unapplied-action'
  | 'no-principal'
  | 'principal'
  | 'principal-forbidden'
  | 'operator'
  | 'condition-key'
  | 'condition-value'

/** A fault before it is worded. `sentence` is IAM's where it has one of its own; `subject` what it is about. */
export class Refusal extends Error {
  readonly code: FaultCode
  readonly offset: number
  readonly sentence: string | undefined
  readonly subject: string
  constructor(code: FaultCode, offset: number, details: { sentence?: string; subject?: string } = {}) {
    super(code)
    this.code = code
    this.offset = offset
    this.sentence = details.sentence
    this.subject = (details.subject ?? '').slice(0, MAX_SUBJECT)
  }
}

/** Of a caller's own text in an answer. */
export const MAX_SUBJECT = 256

export function toFault(refusal: Refusal, kind: PolicyKind, text: string): PolicyFault {
  const position = positionOf(text, refusal.offset)
  return { code: refusal.code, message: WORDING[kind](refusal, position), position }
}

type Wording = (refusal: Refusal, position: Position) => string

const atPosition = ({ line, column }: Position): string => `Syntax error at position (${line},${column})`

const iam: Wording = ({ code, sentence }, position) => {
  if (sentence !== undefined) return sentence
  switch (code) {
    case 'version':
      return 'Policy document must be version 2012-10-17 or greater.'
    case 'no-effect':
      return 'Missing required field Effect cannot be empty!'
    case 'repeated-sid':
      return 'Statement IDs (SID) in a single policy must be unique.'
    case 'sid':
      return 'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*'
    case 'no-principal':
      return 'Missing required field Principal cannot be empty!'
    case 'principal-forbidden':
      return 'Policy document should not specify a principal.'
    case 'condition-value':
    case 'operator':
      return 'The policy failed legacy parsing'
    case 'condition-key':
      return 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'
    default:
      return atPosition(position)
  }
}

const trust: Wording = (refusal, position) => {
  if (refusal.code === 'json') return 'This policy contains invalid Json'
  if (refusal.code === 'resource-forbidden') return 'Has prohibited field Resource'
  if (refusal.code === 'no-action') return 'Missing required field Action'
  return iam(refusal, position)
}

const bucket: Wording = ({ code, subject }) => {
  switch (code) {
    case 'json':
      return "Policies must be valid JSON and the first byte must be '{'"
    case 'member':
      return `Unknown field ${subject}`
    case 'version':
      return 'The policy must contain a valid version string'
    case 'no-statement':
      return 'Missing required field Statement'
    case 'empty-statement':
      return 'Could not parse the policy: Statement is empty!'
    case 'no-effect':
      return 'Missing required field Effect'
    case 'effect':
      return `Invalid effect: ${subject}`
    case 'no-action':
      return 'Missing required field Action'
    case 'action':
      return 'Policy has invalid action'
    case 'no-resource':
      return 'Missing required field Resource'
    case 'resource':
      return 'Policy has invalid resource'
    case 'unapplied-action':
      return 'Action does not apply to any resource(s) in statement'
    case 'no-principal':
      return 'Missing required field Principal'
    case 'principal':
      return 'Invalid principal in policy'
    case 'operator':
      return `Invalid Condition type : ${subject}`
    case 'condition-key':
      return 'Policy has an invalid condition key'
    default:
      return 'Invalid policy syntax.'
  }
}

const key: Wording = (refusal, position) =>
  refusal.code === 'principal' || refusal.code === 'no-principal'
    ? 'Policy contains a statement with one or more invalid principals.'
    : iam(refusal, position)

const WORDING: Readonly<Record<PolicyKind, Wording>> = {
  identity: iam,
  trust,
  bucket,
  key,
  // ECR says only this, whatever is wrong.
  repository: () =>
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
  group: (refusal, position) => (refusal.code === 'json' ? atPosition(position) : bucket(refusal, position)),
  // SNS words one of them; of the others it says only that there is a fault.
  topic: ({ code }) =>
    code === 'action'
      ? 'Invalid parameter: Policy statement action out of service scope!'
      : 'Invalid parameter: Policy Error: null',
  queue: () => 'Invalid value for the parameter Policy.',
}
