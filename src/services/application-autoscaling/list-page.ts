import { decodePageToken, encodePageToken, type PageKey, type PageRequest } from '../../shared/pagination.ts'
import { invalidNextToken } from './errors.ts'

/** A page has 50 items at most, as in AWS. */
const MOST = 50

interface Listing {
  readonly MaxResults?: number
  readonly NextToken?: string
}

/** `scope` is what the token was made for. @throws InvalidNextTokenException */
export function pageOf(scope: string, { MaxResults = MOST, NextToken }: Listing, descending = false): PageRequest {
  const after = NextToken === undefined ? undefined : decodePageToken(scope, NextToken)
  if (NextToken !== undefined && after === undefined) throw invalidNextToken()
  return { size: Math.min(MOST, Math.max(1, MaxResults)), descending, after }
}

/** The member that leads to the next page; none on the last. */
export const nextToken = (scope: string, next: PageKey | undefined): { NextToken?: string } =>
  next === undefined ? {} : { NextToken: encodePageToken(scope, next) }
