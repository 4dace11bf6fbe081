import { compilePattern, matchPattern, YES } from './pattern.ts'
import { MAX_SUBJECT, Refusal } from './policy-fault.ts'
import { KIND_RULES, type PolicyKind } from './policy-kind.ts'
import type { ReadStatement } from './read-policy.ts'
import { tokenizeResource } from './tokens.ts'

/** @throws Refusal for resources that are missing, forbidden, no ARNs, or not in the `owner` the policy is put on. */
export function checkResources({ resources, node }: ReadStatement, kind: PolicyKind, owner: string | undefined): void {
  const rule = KIND_RULES[kind].resources
  if (resources === undefined || resources.items.length === 0) {
    if (rule !== 'required' && resources === undefined) return
    throw new Refusal('no-resource', node.start, { sentence: 'Policy statement must contain resources.' })
  }
  if (rule === 'forbidden') throw new Refusal('resource-forbidden', resources.items[0]!.start)
  for (const { text, start } of resources.items) {
    const sentence = wrongResource(text)
    if (sentence !== undefined) throw new Refusal('resource', start, { sentence, subject: text })
    if (owner === undefined) continue
    if (kind === 'bucket' && !isWithin(text, owner)) throw new Refusal('resource', start)
    if (kind === 'group' && !isOfGroup(text, owner)) throw new Refusal('resource', start)
  }
}

function wrongResource(resource: string): string | undefined {
  if (resource === '*') return undefined
  const shown = resource.slice(0, MAX_SUBJECT)
  const [arn, partition, service] = resource.split(':')
  if (partition === undefined || arn !== 'arn') return `Resource ${shown} must be in ARN format or "*".`
  if (!/^(?:aws[a-z-]*|\*)$/.test(partition))
    return `Partition "${partition.slice(0, 64)}" is not valid for resource "${shown}".`
  if (service === undefined || !/^[A-Za-z0-9-]+$/.test(service)) {
    return 'Resource vendor must be fully qualified and cannot contain regexes.'
  }
  if (service === 's3' && /^arn:[^:]*:s3:[^:*]/.test(resource))
    return `Resource ${shown} can not contain region information.`
  if (service === 'iam' && /^arn:[^:]*:iam:[^:*]/.test(resource)) {
    return `IAM resource ${shown} cannot contain region information.`
  }
  return undefined
}

/** Whether a pattern can be about a bucket or its objects. What follows the first slash is an object's key. */
function isWithin(resource: string, bucket: string): boolean {
  if (resource === '*') return false
  const slash = resource.indexOf('/')
  return covers(slash < 0 ? resource : resource.slice(0, slash), bucket)
}

/**
 * Whether a pattern can be about a model package group or its versions, `…:model-package/<group>/<number>`. Names count
 * without regard to case, as in every ARN that SageMaker reads.
 */
function isOfGroup(resource: string, group: string): boolean {
  if (resource === '*') return false
  const pattern = resource.toLowerCase()
  const versions = group.replace(':model-package-group/', ':model-package/')
  if (covers(pattern, group) || covers(pattern, `${versions}/1`)) return true
  const slash = pattern.lastIndexOf('/')
  return /^[\d*?]+$/.test(pattern.slice(slash + 1)) && covers(pattern.slice(0, slash), versions)
}

const covers = (resource: string, arn: string): boolean =>
  matchPattern(compilePattern(tokenizeResource(resource, false)), arn, new Map()) === YES
