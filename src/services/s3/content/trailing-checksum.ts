import { type ChecksumAlgorithm, checksumAlgorithm, isWellFormed, type NamedChecksum } from '../checksums/checksum.ts'
import { incompleteBody, invalidRequest } from '../errors.ts'

/** A body that is followed by its checksum: what the gateway hands over for an aws-chunked upload. */
interface TrailedBody {
  readonly trailerNames: readonly string[]
  /** Settles before the body ends. */
  readonly trailers: Promise<ReadonlyMap<string, string>>
}

export interface TrailingChecksum {
  readonly algorithm: ChecksumAlgorithm
  /** The checksum, once the body has ended. */
  arrived(): NamedChecksum
}

const PREFIX = 'x-amz-checksum-'

/** The checksum that will come behind the body, if one will. */
export function trailingChecksum(body: unknown): TrailingChecksum | undefined {
  if (!isTrailed(body)) return undefined
  const name = body.trailerNames.find((candidate) => candidate.startsWith(PREFIX))
  const algorithm = checksumAlgorithm(name?.slice(PREFIX.length))
  if (name === undefined || algorithm === undefined) return undefined
  let value: string | undefined
  body.trailers.then(
    (trailers) => {
      value = trailers.get(name)
    },
    // The reader of the body meets the same error.
    () => {},
  )
  return {
    algorithm,
    arrived() {
      if (value === undefined) throw incompleteBody()
      const checksum = { algorithm, value }
      if (!isWellFormed(checksum)) throw invalidRequest(`Value for ${name} trailing header is invalid.`)
      return checksum
    },
  }
}

const isTrailed = (body: unknown): body is TrailedBody =>
  typeof body === 'object' && body !== null && 'trailerNames' in body && 'trailers' in body
