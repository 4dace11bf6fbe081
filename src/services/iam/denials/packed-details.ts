import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { DenialDetails, DetailedPolicy, DetailedStatement } from './denial-details.ts'

/** Characters that one explanation takes in the database at most. */
export const MAX_PACKED = 8_192
/** What is not even tried: packing so much would hold up others. */
const MAX_STATEMENTS = 500
const MAX_UNPACKED = 4 * 1024 * 1024

/** What is left out first, when it is too much to keep. */
const LEVELS: readonly ((statement: DetailedStatement) => boolean)[] = [
  () => true,
  ({ outcome }) => outcome !== 'other-action',
  ({ outcome }) => outcome === 'matches' || outcome === 'condition-not-met',
  ({ outcome }) => outcome === 'matches',
  () => false,
]

/** Text of at most MAX_PACKED characters. Statements that have nothing to do with the request are left out first. */
export function packDetails(details: DenialDetails): string {
  const count = details.policies.reduce((sum, { statements }) => sum + statements.length, 0)
  for (const keep of count > MAX_STATEMENTS ? LEVELS.slice(1) : LEVELS) {
    const policies = details.policies.map((policy) => reduce(policy, keep))
    const packed = pack({ ...details, policies })
    if (packed.length <= MAX_PACKED) return packed
  }
  const bare = { policies: [], grants: [], remedies: [], context: {} }
  return pack({ ...details, ...bare, obstacle: undefined, by: undefined })
}

/** Undefined for what was not packed here. */
export function unpackDetails(packed: string): DenialDetails | undefined {
  try {
    const text = inflateRawSync(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_UNPACKED })
    return JSON.parse(text.toString('utf8')) as DenialDetails
  } catch {
    return undefined
  }
}

const pack = (details: DenialDetails): string => deflateRawSync(JSON.stringify(details)).toString('base64')

function reduce(policy: DetailedPolicy, keep: (statement: DetailedStatement) => boolean): DetailedPolicy {
  const statements = policy.statements.filter(keep)
  const omitted = policy.statements.length - statements.length
  return omitted === 0 ? policy : { ...policy, statements, omitted }
}
