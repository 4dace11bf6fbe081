import type {
  CreateEndpointConfigInput,
  CreateEndpointConfigOutput,
  DescribeEndpointConfigOutput,
} from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { requireModel } from '../models/model-store.ts'
import { nameKey } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { checkTags, putTags, tagged } from '../tags/tag-store.ts'
import { checkAsyncModel } from './async-rules.ts'
import { configArn, insertConfig } from './endpoint-config-store.ts'
import { duplicateEndpointConfig } from './errors.ts'
import { checkVariants } from './variant-rules.ts'

/** The members of a description that are not columns. */
export type ConfigDocument = Omit<
  DescribeEndpointConfigOutput,
  'EndpointConfigName' | 'EndpointConfigArn' | 'CreationTime'
>

/**
 * Stores which models an endpoint serves, and with how many instances. A model that is not there is refused here
 * already, where its user meets it first.
 */
export async function createEndpointConfig(
  deps: SagemakerDeps,
  input: CreateEndpointConfigInput,
  context: RequestContext,
): Promise<CreateEndpointConfigOutput> {
  const { database } = deps
  const { EndpointConfigName: name, Tags: tags = [], ...members } = input
  const arn = configArn(context, name)
  const variants = checkVariants(input)
  checkTags(tags)
  for (const { ModelName: model } of variants) {
    const row = await requireModel(database, context, model)
    if (input.AsyncInferenceConfig !== undefined) checkAsyncModel(row)
  }
  const document: ConfigDocument = { ...members, ProductionVariants: [...variants] }
  const row = {
    account: context.account,
    region: context.region,
    name_key: nameKey(name),
    name,
    created_at: context.now,
    document: JSON.stringify(document),
  }
  await database.commit([
    insertConfig(database, row, () => duplicateEndpointConfig(arn)),
    ...putTags(deps, tagged(context, 'endpoint-config', name), arn, tags),
  ])
  return { EndpointConfigArn: arn }
}
