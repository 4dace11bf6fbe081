import { ServiceError } from '../../../../wire/service-error.ts'
import { denialIdOf } from '../../../authorizer.ts'
import type { ModelData } from '../../models/resolved-container.ts'
import { withDenial } from '../failure-reason.ts'
import { ContentError } from './content-error.ts'

/** Whose model data, for the wording. */
export interface ModelDataSubject {
  /** The container's name in its model, such as `container_1`. */
  readonly container: string
  /** As the caller wrote it. */
  readonly uri: string
  readonly form: ModelData['form']
}

/** Model data that cannot be had. The message is an endpoint's FailureReason; `detail` is for the log beside it. */
export class ModelDataError extends Error {
  override readonly name = 'ModelDataError'
  readonly detail: string
  /** Whether another try may help without anybody changing anything. */
  readonly transient: boolean

  constructor(message: string, detail: string, transient: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.detail = detail
    this.transient = transient
  }
}

/** The sentence that SageMaker gives for an object that is missing or that the role may not read. */
const downloadFailed = ({ container, uri }: ModelDataSubject): string =>
  `Failed to download model data for container "${container}" from URL: "${uri}".`

const CHECK_OBJECT =
  'Please ensure that there is an object located at the URL and that the role passed to CreateModel has permissions to download the object.'

/** And the one for an archive that it cannot unpack. */
const extractFailed = ({ container, uri }: ModelDataSubject): string =>
  `Failed to extract model data archive for container "${container}" from URL "${uri}". Please ensure that the object located at the URL is a valid tar.gz archive.`

/** Words whatever went wrong. Errors of the API and of the content keep their own text as the detail. */
export function modelDataError(error: unknown, subject: ModelDataSubject): ModelDataError {
  if (error instanceof ModelDataError) return error
  if (error instanceof ContentError) {
    const { kind, message } = error
    if (subject.form === 'archive' && (kind === 'corrupt' || kind === 'refused')) {
      return new ModelDataError(`${extractFailed(subject)} ${message}`, message, false, error)
    }
    return new ModelDataError(`${downloadFailed(subject)} ${message}`, message, kind === 'storage', error)
  }
  const sentence = `${downloadFailed(subject)} ${CHECK_OBJECT}`
  if (error instanceof ServiceError) {
    if (denialIdOf(error) !== undefined)
      return new ModelDataError(withDenial(sentence, error), error.message, false, error)
    return new ModelDataError(sentence, `${error.code}: ${error.message}`, isTransientFetch(error), error)
  }
  const detail = error instanceof Error ? error.message : String(error)
  return new ModelDataError(sentence, detail, true, error)
}

export function downloadTimedOut(subject: ModelDataSubject, seconds: number): ModelDataError {
  const detail = `The model data did not arrive within ${seconds} seconds (ModelDataDownloadTimeoutInSeconds).`
  return new ModelDataError(`${downloadFailed(subject)} ${detail}`, detail, false)
}

export function etagDiffers(subject: ModelDataSubject, wanted: string): ModelDataError {
  const detail = `The object at the URL no longer has the ETag ${wanted}.`
  return new ModelDataError(`${downloadFailed(subject)} ${detail}`, detail, false)
}

/** Failures of the store that pass by themselves; what the API says about the caller or the object does not. */
export const isTransientFetch = (error: unknown): boolean =>
  error instanceof ServiceError ? error.status >= 500 || error.status === 429 : !(error instanceof ContentError)

/** The object is no longer the one that was looked at. */
export const hasChanged = (error: unknown): boolean => error instanceof ServiceError && error.status === 412
