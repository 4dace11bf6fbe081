import { randomUUID } from 'node:crypto'
import type { FunctionConfiguration, UpdateFunctionCodeRequest } from '../../../model/generated/lambda.ts'
import { notImplemented } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import { receiveCode } from '../code/receive-code.ts'
import type { LambdaDeps } from '../deps.ts'
import { staleRevision } from '../errors.ts'
import { functionConfiguration } from './function-configuration.ts'
import { requestedFunction } from './function-name.ts'
import { codeColumns, type FunctionRecord, settingsColumns } from './function-record.ts'
import { requireFunction, updateFunction } from './function-store.ts'

/** Replaces a function's code. Events that are being handled finish on the old one. */
export async function updateFunctionCode(
  deps: LambdaDeps,
  input: UpdateFunctionCodeRequest,
  context: RequestContext,
): Promise<FunctionConfiguration> {
  if (input.Publish) throw notImplemented('Publish (function versions)')
  if (input.PublishTo !== undefined) throw notImplemented('PublishTo')
  const address = requestedFunction(input.FunctionName, undefined, context)
  const record = await requireFunction(deps, address)
  if (input.RevisionId !== undefined && input.RevisionId !== record.revisionId) throw staleRevision()
  const code = await receiveCode(deps, input, record.code.type, 'UpdateFunctionCode', context)
  const settings = { ...record.settings, architectures: input.Architectures ?? record.settings.architectures }
  const updated: FunctionRecord = {
    ...record,
    settings,
    code,
    revisionId: input.DryRun ? record.revisionId : randomUUID(),
    modifiedAt: input.DryRun ? record.modifiedAt : context.now,
  }
  const discard = async (source: FunctionRecord['code']) => {
    if (source.type === 'Zip') await deps.blobs.remove(source.blob)
  }
  if (input.DryRun) {
    await discard(code)
    return functionConfiguration(updated)
  }
  try {
    await deps.database.commit(
      updateFunction(deps.database, deps.feed, record, {
        ...settingsColumns(record.id, settings, record.variables, deps.box),
        ...codeColumns(code),
        revision_id: updated.revisionId,
        modified_at: updated.modifiedAt,
      }),
    )
  } catch (error) {
    await discard(code)
    throw error
  }
  // The old zip stays for environments that are just starting from it; the sweep of unused code removes it.
  return functionConfiguration(updated)
}
