import { ServiceError, validationException } from '../../../wire/service-error.ts'

const SERVICE_TRUST =
  'its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".'

export const missingModel = (arn: string): ServiceError => validationException(`Could not find model "${arn}".`)

export const duplicateModel = (arn: string): ServiceError =>
  validationException(`Cannot create already existing model "${arn}".`)

export const noContainers = (): ServiceError =>
  validationException('Either PrimaryContainer or Containers with at least one container must be specified.')

export const primaryAndContainers = (): ServiceError =>
  validationException('PrimaryContainer and Containers cannot be specified in the same request.')

export const tooManyContainers = (count: number, limit: number): ServiceError =>
  validationException(`The model would have ${count} containers. A model cannot have more than ${limit} containers.`)

export const imageOrPackage = (): ServiceError =>
  validationException('Specify one of either Image and Model Data URL or ModelPackageName in container definition.')

export const specificationNameWithoutPackage = (): ServiceError =>
  validationException('InferenceSpecificationName can only be specified together with ModelPackageName.')

export const unknownSpecification = (name: string, arn: string): ServiceError =>
  validationException(`ModelPackage ${arn} has no AdditionalInferenceSpecification with the name "${name}".`)

export const noInferenceSpecification = (arn: string): ServiceError =>
  validationException(`ModelPackage ${arn} has no InferenceSpecification to create a model from.`)

export const packageWithoutImage = (arn: string): ServiceError =>
  validationException(`ModelPackage ${arn} has a container without an Image.`)

export const packageNotApproved = (arn: string, status: string): ServiceError =>
  validationException(
    `ModelPackage ${arn} must be in Approved status to create a model from it. Its ModelApprovalStatus is ${status}.`,
  )

export const environmentOnUnversionedEntry = (): ServiceError =>
  validationException('Environment variable map cannot be specified when using non-versioned ModelPackages.')

export const environmentOnSubscribed = (): ServiceError =>
  validationException(
    'Environment variable map cannot be specified when using a ModelPackage subscribed from AWS Marketplace.',
  )

export const environmentTooLarge = (): ServiceError =>
  validationException(
    'The environment of a container cannot have more than 100 entries or more than 32768 bytes in total.',
  )

export const hostnameMissing = (): ServiceError =>
  validationException('If ContainerHostname is specified for one container, it must be specified for all containers.')

export const hostnameTwice = (name: string): ServiceError =>
  validationException(`ContainerHostname must be unique within a model. "${name}" is used more than once.`)

export const directNeedsSeveral = (): ServiceError =>
  validationException('InferenceExecutionConfig Mode Direct requires a model with 2 to 15 containers.')

export const directNeedsHostnames = (): ServiceError =>
  validationException(
    'ContainerHostname must be specified for all containers when InferenceExecutionConfig Mode is Direct.',
  )

/**
 * The label by which an image says that it listens where it is told. Source: "Inference pipelines in Amazon SageMaker AI" (developer
 * guide).
 */
export const BIND_TO_PORT = 'com.amazonaws.sagemaker.capabilities.accept-bind-to-port'

/** The same words of CreateModel, and of an endpoint whose images could only be looked at when it was deployed. */
export const bindToPortMissing = (image: string): string =>
  `Your Ecr Image ${image} does not contain required ${BIND_TO_PORT}=true Docker label(s).`

export const invalidImage = (image: string): ServiceError =>
  validationException(`"${image}" is not a valid image reference.`)

export const nonEcrImage = (image: string): ServiceError =>
  validationException(`Using non-ECR image "${image}" without Vpc repository access mode is not supported.`)

export const vpcConfigMissing = (image: string): ServiceError =>
  validationException(`VpcConfig must be specified when image "${image}" uses Vpc repository access mode.`)

export const authConfigWithPlatform = (image: string): ServiceError =>
  validationException(
    `RepositoryAuthConfig can only be specified for image "${image}" when its RepositoryAccessMode is Vpc.`,
  )

export const invalidProvider = (arn: string): ServiceError =>
  validationException(`RepositoryCredentialsProviderArn "${arn}" is not the ARN of a Lambda function.`)

export const roleRequired = (): ServiceError =>
  validationException(
    'ExecutionRoleArn must be specified when a container has model data or a repository credentials provider.',
  )

export const invalidRole = (arn: string): ServiceError =>
  validationException(
    `The execution role ARN "${arn}" is invalid. Please ensure that the role exists and that ${SERVICE_TRUST}`,
  )

/** No policy can allow it: a service takes roles of its caller's account only. */
export const foreignRole = (): ServiceError =>
  new ServiceError('AccessDeniedException', 'Cross-account pass role is not allowed.')

/** @param refusal why not, where that is known; the service itself does not tell */
export const inaccessibleModelData = (url: string, role: string, region: string, refusal: string): ServiceError =>
  validationException(
    `Could not access model data at ${url}. Please ensure that the role "${role}" exists and that ${SERVICE_TRUST} ` +
      `Also ensure that the role has "s3:GetObject" permissions and that the object is located in ${region}. ` +
      `If your Model uses multiple models or uncompressed models, please ensure that the role has "s3:ListBucket" permission. ${refusal}`.trim(),
  )

export const bothModelData = (): ServiceError =>
  validationException('Specify only one of ModelDataUrl and ModelDataSource in a container definition.')

export const noS3Location = (url: string): ServiceError =>
  validationException(`"${url}" does not name an object or a prefix in S3.`)

export const prefixWithoutSlash = (uri: string): ServiceError =>
  validationException(`The S3Uri "${uri}" must end with "/" when its S3DataType is S3Prefix.`)

export const compressedPrefix = (uri: string): ServiceError =>
  validationException(`CompressionType Gzip is not supported for "${uri}", whose S3DataType is S3Prefix.`)

export const eulaNotAccepted = (uri: string): ServiceError =>
  validationException(`ModelAccessConfig.AcceptEula must be true to use the model data at "${uri}".`)
