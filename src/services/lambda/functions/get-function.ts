import type { GetFunctionRequest, GetFunctionResponse } from '../../../model/generated/lambda.ts'
import type { RequestContext } from '../../operation.ts'
import type { LambdaDeps } from '../deps.ts'
import { readTags } from '../tags/function-tags.ts'
import { functionConfiguration } from './function-configuration.ts'
import { requestedFunction } from './function-name.ts'
import { requireFunction } from './function-store.ts'

/** A function with its tags and where its code is kept. A zip has no link to download it from here. */
export async function getFunction(
  deps: LambdaDeps,
  input: GetFunctionRequest,
  context: RequestContext,
): Promise<GetFunctionResponse> {
  const address = requestedFunction(input.FunctionName, input.Qualifier, context)
  const record = await requireFunction(deps, address)
  const { code } = record
  const tags = await readTags(deps.database, record.id)
  return {
    Configuration: functionConfiguration(record),
    Code:
      code.type === 'Zip'
        ? { RepositoryType: 'S3' }
        : { RepositoryType: 'ECR', ImageUri: code.imageUri, ResolvedImageUri: code.imageUri },
    ...(Object.keys(tags).length > 0 && { Tags: tags }),
  }
}
