import { decodePageToken, encodePageToken, type PageKey } from '../../shared/pagination.ts'
import { invalidParameter } from './errors.ts'

/** Where a list goes on; undefined at its beginning. `scope` is what the token was made for. */
export function pageStart(scope: string, token: string | undefined): PageKey | undefined {
  if (token === undefined) return undefined
  const key = decodePageToken(scope, token)
  if (key === undefined) throw invalidParameter('NextToken')
  return key
}

/** The member that leads to the next page; none on the last. */
export const nextToken = (scope: string, next: PageKey | undefined): { NextToken?: string } =>
  next === undefined ? {} : { NextToken: encodePageToken(scope, next) }
