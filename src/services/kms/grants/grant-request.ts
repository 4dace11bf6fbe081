import { createHash } from 'node:crypto'
import type { CreateGrantRequest } from '../../../model/generated/kms.ts'
import { validationException } from '../../../wire/service-error.ts'
import { badPrincipal } from '../errors.ts'

/** What a symmetric key can be granted for. */
const OPERATIONS = new Set([
  'CreateGrant',
  'Decrypt',
  'DescribeKey',
  'Encrypt',
  'GenerateDataKey',
  'GenerateDataKeyPair',
  'GenerateDataKeyPairWithoutPlaintext',
  'GenerateDataKeyWithoutPlaintext',
  'ReEncryptFrom',
  'ReEncryptTo',
  'RetireGrant',
])

const PRINCIPAL =
  /^arn:aws:(?:iam::\d{12}:(?:root|user\/.+|role\/.+)|sts::\d{12}:(?:assumed-role\/[^/]+\/[^/]+|federated-user\/.+))$/

/** @throws ValidationException, InvalidArnException for a grant that no symmetric key can have */
export function checkGrantRequest(input: CreateGrantRequest): void {
  for (const principal of [input.GranteePrincipal, input.RetiringPrincipal]) {
    if (principal !== undefined && !PRINCIPAL.test(principal)) throw badPrincipal(principal)
  }
  if (input.Operations.length === 0) throw validationException('A grant must have at least one operation.')
  const unfit = input.Operations.filter((operation) => !OPERATIONS.has(operation))
  if (unfit.length > 0) {
    throw validationException(
      `The operations [${unfit.join(', ')}] are not supported for a key with key spec SYMMETRIC_DEFAULT.`,
    )
  }
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = input.Constraints ?? {}
  if (equal !== undefined && subset !== undefined) {
    throw validationException('Specify either EncryptionContextSubset or EncryptionContextEquals, not both.')
  }
}

/** The same for all requests that ask for the same named grant; null for a request without a name. */
export function grantFingerprint(keyId: string, issuer: string, input: CreateGrantRequest): string | null {
  if (input.Name === undefined) return null
  const { EncryptionContextEquals: equal, EncryptionContextSubset: subset } = input.Constraints ?? {}
  const parts = [
    keyId,
    issuer,
    input.Name,
    input.GranteePrincipal,
    input.RetiringPrincipal ?? null,
    uniqueSorted(input.Operations),
    sortedPairs(equal),
    sortedPairs(subset),
  ]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

export const uniqueSorted = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort()

const sortedPairs = (map: Readonly<Record<string, string>> | undefined): readonly (readonly string[])[] | null =>
  map === undefined ? null : Object.entries(map).sort(([one], [other]) => (one < other ? -1 : 1))
