import type { SagemakerOperation, SagemakerOperations } from '../../model/generated/sagemaker.ts'
import type { Operation, OperationTable } from '../operation.ts'
import { createEndpointConfig } from './endpoint-configs/create-endpoint-config.ts'
import { deleteEndpointConfig } from './endpoint-configs/delete-endpoint-config.ts'
import { describeEndpointConfig } from './endpoint-configs/describe-endpoint-config.ts'
import { listEndpointConfigs } from './endpoint-configs/list-endpoint-configs.ts'
import { createEndpoint } from './endpoints/create-endpoint.ts'
import { deleteEndpoint } from './endpoints/delete-endpoint.ts'
import { describeEndpoint } from './endpoints/describe-endpoint.ts'
import { listEndpoints } from './endpoints/list-endpoints.ts'
import { updateEndpoint } from './endpoints/update-endpoint.ts'
import { updateEndpointWeightsAndCapacities } from './endpoints/update-weights-and-capacities.ts'
import { createModelPackageGroup } from './model-package-groups/create-model-package-group.ts'
import { deleteModelPackageGroup } from './model-package-groups/delete-model-package-group.ts'
import { deleteModelPackageGroupPolicy } from './model-package-groups/delete-model-package-group-policy.ts'
import { describeModelPackageGroup } from './model-package-groups/describe-model-package-group.ts'
import { getModelPackageGroupPolicy } from './model-package-groups/get-model-package-group-policy.ts'
import { listModelPackageGroups } from './model-package-groups/list-model-package-groups.ts'
import { putModelPackageGroupPolicy } from './model-package-groups/put-model-package-group-policy.ts'
import { batchDescribeModelPackage } from './model-packages/batch-describe-model-package.ts'
import { createModelPackage } from './model-packages/create-model-package.ts'
import { deleteModelPackage } from './model-packages/delete-model-package.ts'
import { describeModelPackage } from './model-packages/describe-model-package.ts'
import { listModelPackages } from './model-packages/list-model-packages.ts'
import { updateModelPackage } from './model-packages/update-model-package.ts'
import { createModel } from './models/create-model.ts'
import { deleteModel } from './models/delete-model.ts'
import { describeModel } from './models/describe-model.ts'
import { listModels } from './models/list-models.ts'
import type { SagemakerDeps } from './sagemaker-deps.ts'
import { addTags } from './tags/add-tags.ts'
import { deleteTags } from './tags/delete-tags.ts'
import { listTags } from './tags/list-tags.ts'

type Handlers = {
  readonly [Name in SagemakerOperation]: Operation<
    SagemakerOperations[Name]['input'],
    SagemakerOperations[Name]['output']
  >
}

/** The control plane: registry, models, endpoint configs, endpoints and their tags. */
export function createSagemakerService(deps: SagemakerDeps): OperationTable {
  const handlers: Handlers = {
    AddTags: (input) => addTags(deps, input),
    BatchDescribeModelPackage: (input, context) => batchDescribeModelPackage(deps, input, context),
    CreateEndpoint: (input, context) => createEndpoint(deps, input, context),
    CreateEndpointConfig: (input, context) => createEndpointConfig(deps, input, context),
    CreateModel: (input, context) => createModel(deps, input, context),
    CreateModelPackage: (input, context) => createModelPackage(deps, input, context),
    CreateModelPackageGroup: (input, context) => createModelPackageGroup(deps, input, context),
    DeleteEndpoint: (input, context) => deleteEndpoint(deps, input, context),
    DeleteEndpointConfig: (input, context) => deleteEndpointConfig(deps, input, context),
    DeleteModel: (input, context) => deleteModel(deps, input, context),
    DeleteModelPackage: (input, context) => deleteModelPackage(deps, input, context),
    DeleteModelPackageGroup: (input, context) => deleteModelPackageGroup(deps, input, context),
    DeleteModelPackageGroupPolicy: (input, context) => deleteModelPackageGroupPolicy(deps, input, context),
    DeleteTags: (input) => deleteTags(deps, input),
    DescribeEndpoint: (input, context) => describeEndpoint(deps, input, context),
    DescribeEndpointConfig: (input, context) => describeEndpointConfig(deps, input, context),
    DescribeModel: (input, context) => describeModel(deps, input, context),
    DescribeModelPackage: (input, context) => describeModelPackage(deps, input, context),
    DescribeModelPackageGroup: (input, context) => describeModelPackageGroup(deps, input, context),
    GetModelPackageGroupPolicy: (input, context) => getModelPackageGroupPolicy(deps, input, context),
    ListEndpointConfigs: (input, context) => listEndpointConfigs(deps, input, context),
    ListEndpoints: (input, context) => listEndpoints(deps, input, context),
    ListModelPackageGroups: (input, context) => listModelPackageGroups(deps, input, context),
    ListModelPackages: (input, context) => listModelPackages(deps, input, context),
    ListModels: (input, context) => listModels(deps, input, context),
    ListTags: (input, context) => listTags(deps, input, context),
    PutModelPackageGroupPolicy: (input, context) => putModelPackageGroupPolicy(deps, input, context),
    UpdateEndpoint: (input, context) => updateEndpoint(deps, input, context),
    UpdateEndpointWeightsAndCapacities: (input, context) => updateEndpointWeightsAndCapacities(deps, input, context),
    UpdateModelPackage: (input, context) => updateModelPackage(deps, input, context),
  }
  return handlers
}
