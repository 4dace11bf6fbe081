import { checkPolicy } from '../../../access/policy/check-policy.ts'
import { namedIdentities } from '../../../access/policy/check-principals.ts'
import type { IamFacade } from '../../iam/facade.ts'
import { invalidGroupPolicy, missingPrincipal } from './errors.ts'

/**
 * Refuses a document that is no policy, that is about anything but the group with this ARN and its versions, or that
 * names a user or role that does not exist.
 * @throws ServiceError `ValidationException`
 */
export async function checkGroupPolicy(
  iam: Pick<IamFacade, 'identityExists'>,
  text: string,
  groupArn: string,
): Promise<void> {
  const fault = checkPolicy(text, 'group', { resource: groupArn })
  if (fault !== undefined) throw invalidGroupPolicy(fault)
  for (const arn of namedIdentities(text)) if (!(await iam.identityExists(arn))) throw missingPrincipal(arn)
}

/**
 * The document as it is matched: names are in lower case in ARNs, and somebody who writes the group's as it was created
 * means the group, above all in a statement that denies.
 */
export function canonicalPolicy(text: string): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    // It denies everything when it is compiled, as it should.
    return text
  }
  const canonical = JSON.stringify(document, (member, value: unknown) =>
    member === 'Resource' || member === 'NotResource' ? lowerCase(value) : value,
  )
  return canonical === JSON.stringify(document) ? text : canonical
}

function lowerCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(lowerCase)
  return typeof value === 'string' ? value.toLowerCase() : value
}
