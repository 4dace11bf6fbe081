import { ServiceError } from '../../../wire/service-error.ts'
import { invalidArgument } from '../errors.ts'

/**
 * What KMS refuses, as S3 passes it on: a denial becomes S3's own, everything else keeps KMS's sentence under its code
 * with `KMS.` before it. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export function kmsRefusal(error: unknown): unknown {
  if (!(error instanceof ServiceError) || error.status >= 500) return error
  const { code, message, headers } = error
  if (code === 'AccessDeniedException') {
    return new ServiceError('AccessDenied', message, { status: 403, headers, cause: error })
  }
  return new ServiceError(`KMS.${code}`, message, { status: 400, headers, cause: error })
}

/** KMS knows no caller without a name. */
export const signatureRequired = (): ServiceError =>
  invalidArgument(
    'Requests specifying Server Side Encryption with AWS KMS managed keys require AWS Signature Version 4.',
    'Authorization',
    null,
  )
