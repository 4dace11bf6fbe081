import { Refusal } from './policy-fault.ts'
import type { ReadStatement } from './read-policy.ts'

/** S3's actions on objects; all others are on buckets. */
const ON_OBJECTS =
  /^s3:(?:(?:Get|Put|Delete|Restore|Replicate|Update)Object|AbortMultipartUpload|ListMultipartUploadParts|BypassGovernanceRetention|InitiateReplication|ReplicateDelete|ReplicateTags)/i

/**
 * Holds that each action of a bucket's statement can be about one of its resources. Actions with wildcards, and those
 * that are excepted, are about what they are about.
 * @throws Refusal
 */
export function checkApplies({ actions, resources }: ReadStatement): void {
  if (actions === undefined || actions.not || resources === undefined || resources.not) return
  const objects = resources.items.some(({ text }) => text.includes('/') || text.includes('*'))
  const buckets = resources.items.some(({ text }) => !text.includes('/'))
  for (const { text, start } of actions.items) {
    if (/[*?]/.test(text)) continue
    const applies = ON_OBJECTS.test(text) ? objects : buckets
    if (!applies) throw new Refusal('unapplied-action', start)
  }
}
