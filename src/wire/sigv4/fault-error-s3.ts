import { ServiceError } from '../service-error.ts'
import type { MismatchFault, ScopeFault, SignatureFault, SignatureForm } from './fault.ts'

/** The errors of S3, which has codes and sentences of its own. */
export function s3FaultError(fault: SignatureFault): ServiceError {
  switch (fault.fault) {
    case 'missing':
      return new ServiceError('AccessDenied', 'Access Denied', { status: 403 })
    case 'two-signatures':
      return new ServiceError(
        'InvalidArgument',
        'Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified',
        { members: { ArgumentName: 'Authorization' } },
      )
    case 'unsupported-scheme':
      return fault.scheme === 'AWS'
        ? new ServiceError(
            'InvalidRequest',
            'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
          )
        : new ServiceError('InvalidArgument', 'Unsupported Authorization Type', {
            members: { ArgumentName: 'Authorization' },
          })
    case 'unsupported-algorithm':
      return fault.form === 'query'
        ? queryError('X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"')
        : new ServiceError('InvalidArgument', 'Unsupported Authorization Type', {
            members: { ArgumentName: 'Authorization' },
          })
    case 'missing-components':
      return missingComponents(fault.names, fault.form)
    case 'malformed-component':
      return fault.form === 'query'
        ? queryError('X-Amz-SignedHeaders is malformed.')
        : malformed(`the authorization component "${fault.component}" is malformed.`)
    case 'malformed-credential':
      return credentialError(
        'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".',
        fault.form,
      )
    case 'malformed-date':
      return fault.form === 'query'
        ? queryError("X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
        : denied('AWS authentication requires a valid Date or x-amz-date header')
    case 'malformed-legacy-query':
      return denied('Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters')
    case 'malformed-expiry':
      return queryError(EXPIRY[fault.problem])
    case 'scope':
      return scopeError(fault)
    case 'headers-not-signed':
      return denied('There were headers present in the request which were not signed', {
        HeadersNotSigned: fault.names.join(', '),
      })
    case 'missing-content-hash':
      return new ServiceError('InvalidRequest', 'Missing required header for this request: x-amz-content-sha256')
    case 'malformed-content-hash':
      return new ServiceError(
        'InvalidArgument',
        'x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.',
        { members: { ArgumentName: 'x-amz-content-sha256', ArgumentValue: fault.text } },
      )
    case 'expired':
    case 'not-yet-current':
      return new ServiceError(
        'RequestTimeTooSkewed',
        'The difference between the request time and the current time is too large.',
        {
          status: 403,
          members: {
            RequestTime: fault.timestamp,
            ServerTime: isoSeconds(fault.now),
            MaxAllowedSkewMilliseconds: '900000',
          },
        },
      )
    case 'url-expired':
      return denied('Request has expired', {
        'X-Amz-Expires': String(fault.expiresSeconds),
        Expires: isoSeconds(fault.time + fault.expiresSeconds * 1000),
        ServerTime: isoSeconds(fault.now),
      })
    case 'url-not-yet-valid':
      return denied('Request is not valid yet', { ServerTime: isoSeconds(fault.now) })
    case 'mismatch':
      return mismatchError(fault)
    case 'content-mismatch':
      return new ServiceError(
        'XAmzContentSHA256Mismatch',
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
        { members: { ClientComputedContentSHA256: fault.declared, S3ComputedContentSHA256: fault.computed } },
      )
    case 'unknown-key':
    case 'inactive-key':
      return new ServiceError(
        'InvalidAccessKeyId',
        'The AWS Access Key Id you provided does not exist in our records.',
        { status: 403, members: { AWSAccessKeyId: fault.accessKeyId } },
      )
    case 'invalid-token':
      return new ServiceError('InvalidToken', 'The provided token is malformed or otherwise invalid.')
    case 'expired-token':
      return new ServiceError('ExpiredToken', 'The provided token has expired.')
  }
}

const EXPIRY = {
  'not-a-number': 'X-Amz-Expires should be a number',
  negative: 'X-Amz-Expires must be non-negative',
  'too-large':
    'X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds',
}

const denied = (message: string, members: Record<string, string> = {}): ServiceError =>
  new ServiceError('AccessDenied', message, { status: 403, members })

const queryError = (message: string, members: Record<string, string> = {}): ServiceError =>
  new ServiceError('AuthorizationQueryParametersError', message, { members })

const malformed = (detail: string, members: Record<string, string> = {}): ServiceError =>
  new ServiceError('AuthorizationHeaderMalformed', `The authorization header is malformed; ${detail}`, { members })

const credentialError = (detail: string, form: SignatureForm, members: Record<string, string> = {}): ServiceError =>
  form === 'query'
    ? queryError(`Error parsing the X-Amz-Credential parameter; ${detail}`, members)
    : malformed(detail, members)

function missingComponents(names: readonly string[], form: SignatureForm): ServiceError {
  if (form === 'query') {
    return queryError(
      'Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters.',
    )
  }
  if (names.includes('X-Amz-Date')) return denied('AWS authentication requires a valid Date or x-amz-date header')
  return names.length === 1
    ? malformed(`missing ${names[0]}.`)
    : malformed('the authorization header requires three components: Credential, SignedHeaders, and Signature.')
}

function scopeError(fault: ScopeFault): ServiceError {
  const { form } = fault
  switch (fault.wrong[0]!) {
    case 'region': {
      const region = fault.expectedRegion ?? 'us-east-1'
      const detail = `the region '${fault.region}' is wrong; expecting '${region}'`
      return credentialError(detail, form, { Region: region })
    }
    case 'service':
      return credentialError(`incorrect service "${fault.service}". This endpoint belongs to "s3".`, form)
    case 'terminator':
      return credentialError(`incorrect terminal "${fault.terminator}". This endpoint uses "aws4_request".`, form)
    case 'date': {
      if (!/^\d{8}$/.test(fault.date)) {
        const rule = 'This date in the credential must be in the format "yyyyMMdd".'
        return credentialError(`incorrect date format "${fault.date}". ${rule}`, form)
      }
      const same = `Invalid credential date "${fault.date}". This date is not the same as X-Amz-Date: "${fault.timestamp.slice(0, 8)}".`
      return form === 'query' ? queryError(same) : malformed(same)
    }
  }
}

function mismatchError(fault: MismatchFault): ServiceError {
  const stringToSign = withoutToken(fault.stringToSign)
  const canonicalRequest = withoutToken(fault.canonicalRequest)
  // Version 2 has no canonical request.
  const request =
    canonicalRequest === ''
      ? {}
      : { CanonicalRequest: canonicalRequest, CanonicalRequestBytes: bytesOf(canonicalRequest) }
  return new ServiceError(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    {
      status: 403,
      members: {
        AWSAccessKeyId: fault.accessKeyId,
        StringToSign: stringToSign,
        SignatureProvided: fault.signature,
        StringToSignBytes: bytesOf(stringToSign),
        ...request,
      },
    },
  )
}

// A session token is a credential, and answers are logged by clients.
const withoutToken = (canonicalRequest: string): string =>
  canonicalRequest
    .replace(/^(x-amz-security-token:).*$/m, '$1[redacted]')
    .replace(/(X-Amz-Security-Token=)[^&\n]*/, '$1[redacted]')

const bytesOf = (text: string): string =>
  Buffer.from(text, 'latin1')
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ')

const isoSeconds = (time: number): string => `${new Date(time).toISOString().slice(0, 19)}Z`
