import { checkPolicyDocument, documentSize } from '../../access/policy-document.ts'
import type { IamDirectory } from '../iam/facade.ts'
import { malformedPolicy, packedPolicyTooLarge, validationError } from './errors.ts'

const MAX_ARNS = 10
const MAX_SIZE = 2_048

/**
 * Checks the policies that narrow a session. Returns how much of the room for them they take, in per cent; undefined
 * when there are none. The token carries them; they must fit into a request's header.
 */
export async function checkSessionPolicies(
  iam: IamDirectory,
  account: string,
  policy: string | undefined,
  policyArns: readonly string[] | undefined,
): Promise<number | undefined> {
  if (policy === undefined && (policyArns === undefined || policyArns.length === 0)) return undefined
  if (policy !== undefined) {
    const fault = checkPolicyDocument(policy, 'identity')
    if (fault !== undefined) throw malformedPolicy(fault)
  }
  const arns = policyArns ?? []
  if (arns.length > MAX_ARNS) throw validationError(`A session can have up to ${MAX_ARNS} managed policies.`)
  for (const arn of arns) {
    if (!(await iam.policyExists(account, arn)))
      throw malformedPolicy(`Policy ${arn} does not exist or is not attachable.`)
  }
  const size = documentSize(policy ?? '') + arns.reduce((sum, arn) => sum + arn.length, 0)
  const percent = Math.ceil((size * 100) / MAX_SIZE)
  if (percent > 100) throw packedPolicyTooLarge(percent)
  return percent
}
