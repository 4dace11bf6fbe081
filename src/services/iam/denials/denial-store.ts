import type { Database, Statement } from '../../../storage/database.ts'
import type { DenialRow, ExplanationRow } from '../../../storage/schema/denials.ts'
import { statement } from '../../../storage/statement.ts'
import type { DenialDetails } from './denial-details.ts'
import { unpackDetails } from './packed-details.ts'

/** Refusals that are kept, newest first to stay; each row has some hundred bytes. */
const KEPT_DENIALS = 50_000
/** Explanations that are kept; each row has at most MAX_PACKED bytes. */
const KEPT_EXPLANATIONS = 10_000
/** Refusals of callers without a name, who may be anybody and many. */
const KEPT_ANONYMOUS = 500
/** How long, in milliseconds. */
export const DENIAL_LIFE = 7 * 24 * 60 * 60 * 1000
/** A statement has a limited number of values. */
const ROWS_A_STATEMENT = 500
/** Refusals of one request that are looked at: DeleteObjects can be refused a thousand keys. */
const ONE_REQUEST = 20

/** A refusal as it was written down. */
export interface StoredDenial {
  readonly row: DenialRow
  /** Undefined when it has been dropped already. In a flood it is that of an earlier, like refusal: see its requestId. */
  readonly details: DenialDetails | undefined
}

export function insertDenials(
  { query }: Database,
  denials: readonly DenialRow[],
  explanations: readonly ExplanationRow[],
): Statement[] {
  return [
    ...chunked(explanations).map((rows) => statement(query.insertInto('access_explanations').values(rows))),
    ...chunked(denials).map((rows) => statement(query.insertInto('access_denials').values(rows))),
  ]
}

function chunked<Row>(rows: readonly Row[]): Row[][] {
  const chunks: Row[][] = []
  for (let at = 0; at < rows.length; at += ROWS_A_STATEMENT) chunks.push(rows.slice(at, at + ROWS_A_STATEMENT))
  return chunks
}

export interface DenialLimits {
  readonly denials: number
  readonly explanations: number
  readonly anonymous: number
}

export const DENIAL_LIMITS: DenialLimits = {
  denials: KEPT_DENIALS,
  explanations: KEPT_EXPLANATIONS,
  anonymous: KEPT_ANONYMOUS,
}

/** Drops what is too old or too much. Rows of the same millisecond as the oldest kept stay with it. */
export function pruneDenials({ query }: Database, now: number, limits: DenialLimits = DENIAL_LIMITS): Statement[] {
  const horizon = now - DENIAL_LIFE
  const oldestDenial = query.selectFrom('access_denials').select('at').orderBy('at', 'desc').limit(1)
  const oldestExplanation = query.selectFrom('access_explanations').select('at').orderBy('at', 'desc').limit(1)
  return [
    statement(query.deleteFrom('access_denials').where('at', '<', horizon)),
    statement(query.deleteFrom('access_explanations').where('at', '<', horizon)),
    statement(
      query
        .deleteFrom('access_denials')
        .where('principal', '=', ANONYMOUS)
        .where('at', '<', oldestDenial.where('principal', '=', ANONYMOUS).offset(limits.anonymous - 1)),
    ),
    statement(query.deleteFrom('access_denials').where('at', '<', oldestDenial.offset(limits.denials - 1))),
    statement(
      query.deleteFrom('access_explanations').where('at', '<', oldestExplanation.offset(limits.explanations - 1)),
    ),
  ]
}

/** What the column `principal` holds of callers without a name. */
export const ANONYMOUS = 'anonymous'

/** The refusals of one request, in the order they happened. */
export async function findDenials({ query }: Database, requestId: string): Promise<StoredDenial[]> {
  const rows = await query
    .selectFrom('access_denials')
    .leftJoin('access_explanations', 'access_explanations.id', 'access_denials.explanation_id')
    .selectAll('access_denials')
    .select('access_explanations.document')
    .where('access_denials.request_id', '=', requestId)
    .orderBy('access_denials.at')
    .orderBy('access_denials.id')
    .limit(ONE_REQUEST)
    .execute()
  return rows.map(({ document, ...row }) => ({
    row,
    details: document === null ? undefined : unpackDetails(document),
  }))
}

/** The newest refusals, newest first. */
export const latestDenials = ({ query }: Database, limit: number): Promise<DenialRow[]> =>
  query.selectFrom('access_denials').selectAll().orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute()
