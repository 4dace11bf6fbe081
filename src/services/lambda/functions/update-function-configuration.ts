import { randomUUID } from 'node:crypto'
import type { FunctionConfiguration, UpdateFunctionConfigurationRequest } from '../../../model/generated/lambda.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { staleRevision } from '../errors.ts'
import { requireAssumableRole } from './create-function.ts'
import { functionConfiguration } from './function-configuration.ts'
import { requestedFunction } from './function-name.ts'
import { type FunctionRecord, settingsColumns } from './function-record.ts'
import { functionVariables, updatedSettings } from './function-settings.ts'
import { requireFunction, updateFunction } from './function-store.ts'

/** Changes settings; members that are absent stay. New environments have the new ones. */
export async function updateFunctionConfiguration(
  deps: LambdaDeps,
  input: UpdateFunctionConfigurationRequest,
  context: RequestContext,
): Promise<FunctionConfiguration> {
  const address = requestedFunction(input.FunctionName, undefined, context)
  const record = await requireFunction(deps, address)
  if (input.RevisionId !== undefined && input.RevisionId !== record.revisionId) throw staleRevision()
  const settings = updatedSettings(record.settings, input, record.code.type === 'Image')
  if (settings.role !== record.settings.role) await requireAssumableRole(deps, settings.role, record.arn)
  const updated: FunctionRecord = {
    ...record,
    settings,
    variables: input.Environment === undefined ? record.variables : functionVariables(input.Environment),
    revisionId: randomUUID(),
    modifiedAt: context.now,
  }
  await deps.database.commit(
    updateFunction(deps.database, deps.feed, record, {
      ...settingsColumns(record.id, settings, updated.variables, deps.box),
      revision_id: updated.revisionId,
      modified_at: updated.modifiedAt,
    }),
  )
  return functionConfiguration(updated)
}
