import type { Remedy } from '../../../access/evaluation/explain.ts'
import { parseArn } from '../../../shared/arn.ts'
import type { DenialDetails } from './denial-details.ts'

/** In which policy a remedy belongs, in words: `a policy of user ann`, `the bucket policy of data`. */
export function remedyPlace(details: DenialDetails, { policyType }: Remedy): string {
  const { principal, resource, policies } = details
  switch (policyType) {
    case 'identity':
      return `a policy of ${holderOf(principal.roleArn ?? principal.arn)}`
    case 'boundary': {
      const boundary = policies.find((policy) => policy.policyType === 'boundary')?.source.id
      return `the permissions boundary of ${holderOf(principal.roleArn ?? principal.arn)}${boundary === undefined ? '' : `, ${boundary}`}`
    }
    case 'session':
      return 'the session policies that were given when the session was made'
    case 'trust':
      return `the trust policy of ${holderOf(resource)}`
    case 'resource':
      return policyOf(resource)
  }
}

/** `user ann`, `role dev`, without the path; the ARN itself when it is neither. */
function holderOf(arn: string): string {
  const found = /:(user|role)\/(?:.*\/)?([^/]+)$/.exec(arn)
  return found === null ? arn : `${found[1]} ${found[2]}`
}

const POLICIES: Readonly<Record<string, string>> = {
  kms: 'the key policy (or a grant) of',
  ecr: 'the repository policy of',
  lambda: 'the function policy (AddPermission) of',
  sagemaker: 'the resource policy of',
}

function policyOf(resource: string): string {
  const arn = parseArn(resource)
  if (arn?.service === 's3') return `the bucket policy of ${resource.split(':').slice(5).join(':').split('/')[0]}`
  return `${POLICIES[arn?.service ?? ''] ?? 'the policy of'} ${resource}`
}
