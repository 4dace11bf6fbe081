import { invalidParameterValue } from '../errors.ts'
import type { FunctionCodeSource } from '../functions/function-record.ts'

/** An image reference that names its bytes: `host/repository@sha256:…`. */
const BY_DIGEST = /^[^\s@]+@sha256:([0-9a-f]{64})$/

/** The code of a function that runs from an image; the image is looked for when the function first runs. */
export function resolveImage(imageUri: string): FunctionCodeSource {
  const digest = BY_DIGEST.exec(imageUri)?.[1]
  if (digest === undefined) {
    throw invalidParameterValue(
      `Source image ${imageUri} is not valid. Provide a reference by digest: REPOSITORY@sha256:DIGEST.`,
    )
  }
  return { type: 'Image', imageUri, sha256: digest }
}
