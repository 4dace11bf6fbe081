import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database, Statement } from '../../../storage/database.ts'
import type { LambdaFunctionRow } from '../../../storage/schema/lambda.ts'
import { one, statement } from '../../../storage/statement.ts'
import { functionMissing, updateConflict } from '../errors.ts'
import { type FunctionAddress, functionArn } from './function-name.ts'
import { type FunctionRecord, recordOfRow } from './function-record.ts'

/** Change feed: the function with this id was updated or deleted. */
export const FUNCTION_CHANGED = 'lambda-function'

/** Change feed: the policy or the tags of the function with this ARN have changed. */
export const FUNCTION_ACCESS = 'lambda-access'

/** Belongs into every unit that makes or removes a function, or changes its policy or its tags. */
export const functionAccessChanged = (feed: ChangeFeed, address: FunctionAddress): Statement =>
  feed.announce({ topic: FUNCTION_ACCESS, key: functionArn(address) })

export async function findFunction(
  db: Database,
  box: SealedBox,
  { account, region, name }: FunctionAddress,
): Promise<FunctionRecord | undefined> {
  const row = await db.query
    .selectFrom('lambda_functions')
    .selectAll()
    .where('account', '=', account)
    .where('region', '=', region)
    .where('name', '=', name)
    .executeTakeFirst()
  return row === undefined ? undefined : recordOfRow(row, box)
}

/** The function, or the API's error that there is none. */
export async function requireFunction(
  deps: { readonly database: Database; readonly box: SealedBox },
  address: FunctionAddress,
): Promise<FunctionRecord> {
  const record = await findFunction(deps.database, deps.box, address)
  if (record === undefined) throw functionMissing(functionArn(address))
  return record
}

/** Statements that replace columns of a function which is still as it was read, and tell every worker. */
export function updateFunction(
  db: Database,
  feed: ChangeFeed,
  record: FunctionRecord,
  columns: Partial<LambdaFunctionRow> & Pick<LambdaFunctionRow, 'revision_id' | 'modified_at'>,
): readonly Statement[] {
  const update = db.query
    .updateTable('lambda_functions')
    .set(columns)
    .where('id', '=', record.id)
    .where('revision_id', '=', record.revisionId)
  return [
    statement(
      update,
      one(() => updateConflict(record.arn)),
    ),
    feed.announce({ topic: FUNCTION_CHANGED, key: record.id }),
  ]
}
