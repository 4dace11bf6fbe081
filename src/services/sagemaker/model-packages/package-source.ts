import type { InferenceSpecification, ModelPackageContainerDefinition } from '../../../model/generated/sagemaker.ts'
import type { RequestContext } from '../../operation.ts'
import { missingModel } from '../models/errors.ts'
import { findModel } from '../models/model-store.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { parseSagemakerArn, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { noSpecificationToClone } from './errors.ts'
import { type PackageDocument, readDocument } from './package-document.ts'
import { parsePackage, requirePackage } from './package-reference.ts'

type Specifications = Pick<PackageDocument, 'InferenceSpecification' | 'AdditionalInferenceSpecifications'>

/**
 * What a `SourceUri` brings with it: the specifications of the model package or of the model it names; nothing when it
 * is any other URI, which is kept as a note of where the package came from. What a source says goes to those only who
 * may describe it.
 */
export async function specificationsFrom(
  deps: SagemakerDeps,
  uri: string | undefined,
  context: RequestContext,
): Promise<Specifications> {
  const arn = uri === undefined ? undefined : parseSagemakerArn(uri)
  if (uri === undefined || arn === undefined) return {}
  if (arn.type === 'model-package') {
    const reference = parsePackage(uri, context)
    await mayDescribe(deps, 'DescribeModelPackage', reference.arn, context)
    const source = readDocument(await requirePackage(deps, reference))
    const { InferenceSpecification: specification, AdditionalInferenceSpecifications: additional } = source
    if (specification === undefined) throw noSpecificationToClone(uri)
    return { InferenceSpecification: specification, AdditionalInferenceSpecifications: additional }
  }
  if (arn.type !== 'model') return {}
  const modelArn = sagemakerArn(arn, 'model', arn.key)
  await mayDescribe(deps, 'DescribeModel', modelArn, context)
  const model = await findModel(deps.database, arn, arn.key)
  if (model === undefined) throw missingModel(modelArn)
  return { InferenceSpecification: specificationOf(JSON.parse(model.containers) as ResolvedContainer[]) }
}

async function mayDescribe(
  { authorizer }: SagemakerDeps,
  action: 'DescribeModelPackage' | 'DescribeModel',
  resource: string,
  { principal, origin }: RequestContext,
): Promise<void> {
  await authorizer.require({ principal, action: `sagemaker:${action}`, resource, origin, service: 'sagemaker' })
}

const specificationOf = (containers: readonly ResolvedContainer[]): InferenceSpecification => ({
  Containers: containers.map(packageContainer),
})

/** A model's container as a package describes one. How its registry is reached has no place in a package. */
function packageContainer(container: ResolvedContainer): ModelPackageContainerDefinition {
  const { modelData: data, environment } = container
  const definition: ModelPackageContainerDefinition = {
    ContainerHostname: container.hostname,
    Image: container.image,
    ImageDigest: container.imageDigest,
    Environment: Object.keys(environment).length === 0 ? undefined : { ...environment },
  }
  if (data === undefined) return definition
  if (data.form === 'archive' && data.etag === undefined) return { ...definition, ModelDataUrl: data.uri }
  return {
    ...definition,
    ModelDataSource: {
      S3DataSource: {
        S3Uri: data.uri,
        S3DataType: data.form === 'prefix' ? 'S3Prefix' : 'S3Object',
        CompressionType: data.form === 'archive' ? 'Gzip' : 'None',
        ETag: data.etag,
      },
    },
  }
}
