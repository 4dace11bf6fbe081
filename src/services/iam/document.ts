import { checkPolicyDocument } from '../../access/policy-document.ts'
import { malformedPolicy } from './errors.ts'

/** IAM shows documents percent-encoded as in RFC 3986. */
export const encodeDocument = (document: string): string =>
  encodeURIComponent(document).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/** @throws MalformedPolicyDocument */
export function requirePolicyDocument(document: string, kind: 'identity' | 'trust'): void {
  const fault = checkPolicyDocument(document, kind)
  if (fault !== undefined) throw malformedPolicy(fault)
}
