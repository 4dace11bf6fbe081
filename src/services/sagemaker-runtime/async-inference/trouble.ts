import { StorageFullError, StorageUnavailableError } from '../../../storage/errors.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { ClaimedRequest } from './async-request.ts'
import { MOST_BREAKS, RequestDeferred, type RequestFailure, unworkable } from './request-failure.ts'
import { ClaimLost } from './request-queue.ts'

/** Whether it would befall any request now and none later: storage that is full or away. */
export const isPassing = (error: unknown): boolean =>
  error instanceof StorageFullError ||
  error instanceof StorageUnavailableError ||
  (error instanceof ServiceError && error.status === 503)

/**
 * Whether an error is counted against a request that is put back for it. What nobody foresaw may be the request's own doing: in
 * the end it fails, so that those behind it get their turn.
 */
export function countsAgainst(error: unknown): boolean {
  if (error instanceof RequestDeferred) return error.broke
  return !(error instanceof ClaimLost) && !isPassing(error)
}

/** What people may read of why a request was put back: what nobody foresaw, and where the database is, is for the server's log alone. */
export function tellable(error: unknown): string {
  if (error instanceof StorageUnavailableError && error.message.startsWith('The database'))
    return 'The database cannot be used at the moment.'
  return error instanceof RequestDeferred || error instanceof ServiceError || isPassing(error)
    ? (error as Error).message
    : 'An internal error ended the work on the request.'
}

/** Whether an error that is counted is the last that the request may have. */
export const isLast = ({ breaks }: ClaimedRequest): boolean => breaks + 1 >= MOST_BREAKS

/** The failure that an error without an answer comes to; undefined when the request is to be tried again. */
export const failureAfter = (error: unknown, request: ClaimedRequest): RequestFailure | undefined =>
  !(error instanceof RequestDeferred) && countsAgainst(error) && isLast(request) ? unworkable() : undefined
