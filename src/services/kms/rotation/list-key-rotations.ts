import type {
  ListKeyRotationsRequest,
  ListKeyRotationsResponse,
  RotationsListEntry,
} from '../../../model/generated/kms.ts'
import { readPage } from '../../../shared/pagination.ts'
import type { RequestContext } from '../../operation.ts'
import { keyArn } from '../keys/key-reference.ts'
import { openKey } from '../keys/open-key.ts'
import type { KmsDeps } from '../kms-deps.ts'
import { pageOutput, pageRequest } from '../paging.ts'

/** The rotations that were, oldest first; with ALL_KEY_MATERIAL the first material too. */
export async function listKeyRotations(
  deps: KmsDeps,
  input: ListKeyRotationsRequest,
  context: RequestContext,
): Promise<ListKeyRotationsResponse> {
  const key = await openKey(deps, context, input.KeyId, { action: 'kms:ListKeyRotations' })
  const all = input.IncludeKeyMaterial === 'ALL_KEY_MATERIAL'
  const scope = ['rotations', key.key_id, String(all)]
  let query = deps.database.query
    .selectFrom('kms_materials')
    .select(['material_id', 'origin', 'created_at'])
    .where('key_id', '=', key.key_id)
  if (!all) query = query.where('origin', '<>', 'INITIAL')
  const page = await readPage(
    query,
    ['created_at', 'material_id'],
    pageRequest(scope, input, { usual: 100, most: 1_000 }),
  )
  const entries = page.rows.map((row): RotationsListEntry => {
    const rotated = row.origin !== 'INITIAL'
    return {
      KeyId: keyArn(key),
      KeyMaterialId: row.material_id,
      KeyMaterialState: row.material_id === key.material_id ? 'CURRENT' : 'NON_CURRENT',
      RotationDate: rotated ? row.created_at : undefined,
      RotationType: rotated ? (row.origin as RotationsListEntry['RotationType']) : undefined,
    }
  })
  return { Rotations: entries, ...pageOutput(scope, page) }
}
