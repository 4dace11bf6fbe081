import { ServiceError } from '../../../wire/service-error.ts'
import type { RegistryAnswer } from './registry-request.ts'

/** The codes of the distribution specification, and TAG_INVALID, by which ECR says that a tag is immutable. */
export type FaultCode =
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DENIED'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'TAG_INVALID'
  | 'UNAUTHORIZED'
  | 'UNSUPPORTED'

/** An error that a client of the registry is meant to see. */
export class RegistryFault extends Error {
  override readonly name = 'RegistryFault'
  readonly status: number
  readonly code: FaultCode
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, code: FaultCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

/** What ECR's errors are called where the distribution specification has the word. */
const BY_ERROR: Readonly<Record<string, readonly [status: number, code: FaultCode]>> = {
  AccessDeniedException: [403, 'DENIED'],
  ImageNotFoundException: [404, 'MANIFEST_UNKNOWN'],
  ImageReferencedByManifestList: [403, 'DENIED'],
  ImageTagAlreadyExistsException: [400, 'TAG_INVALID'],
  InvalidLayerException: [400, 'DIGEST_INVALID'],
  InvalidLayerPartException: [416, 'BLOB_UPLOAD_INVALID'],
  InvalidParameterException: [400, 'MANIFEST_INVALID'],
  LayersNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  LimitExceededException: [413, 'SIZE_INVALID'],
  ReferencedImagesNotFoundException: [400, 'MANIFEST_BLOB_UNKNOWN'],
  RepositoryNotFoundException: [404, 'NAME_UNKNOWN'],
  UploadNotFoundException: [404, 'BLOB_UPLOAD_UNKNOWN'],
}

/** The fault that an error means to a client of the registry; undefined for what is a bug or the storage's trouble. */
export function asFault(error: unknown): RegistryFault | undefined {
  if (error instanceof RegistryFault) return error
  if (!(error instanceof ServiceError)) return undefined
  const known = Object.hasOwn(BY_ERROR, error.code) ? BY_ERROR[error.code] : undefined
  return known === undefined ? undefined : new RegistryFault(...known, error.message)
}

export function faultAnswer(
  status: number,
  code: FaultCode | 'UNKNOWN',
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RegistryAnswer {
  const body = `${JSON.stringify({ errors: [{ code, message }] })}\n`
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body }
}

export const blobUnknown = (digest: string): RegistryFault =>
  new RegistryFault(404, 'BLOB_UNKNOWN', `The repository holds no blob ${digest}`)

export const digestInvalid = (): RegistryFault =>
  new RegistryFault(400, 'DIGEST_INVALID', 'A digest is sha256: and 64 lower-case hexadecimal digits')
