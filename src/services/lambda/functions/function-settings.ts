import type {
  CreateFunctionRequest,
  Environment,
  Runtime,
  UpdateFunctionConfigurationRequest,
} from '../../../model/generated/lambda.ts'
import { notImplemented, validationException } from '../../../wire/service-error.ts'
import { invalidParameterValue } from '../errors.ts'
import type { FunctionSettings } from './function-record.ts'

/** Members that create and update share and that become settings. */
type SettingsInput = Omit<CreateFunctionRequest, 'FunctionName' | 'Code' | 'Role'> & { readonly Role?: string }

const MAX_TIMEOUT = 900
const MAX_MEMORY = 10_240
const MAX_VARIABLE_BYTES = 4096

/** Names that Lambda itself sets. */
const RESERVED = new Set([
  '_HANDLER',
  '_X_AMZN_TRACE_ID',
  'AWS_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
  'AWS_DEFAULT_REGION',
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
  'AWS_LAMBDA_FUNCTION_NAME',
  'AWS_LAMBDA_FUNCTION_VERSION',
  'AWS_LAMBDA_INITIALIZATION_TYPE',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'AWS_LAMBDA_RUNTIME_API',
  'AWS_REGION',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'LAMBDA_RUNTIME_DIR',
  'LAMBDA_TASK_ROOT',
])

export type RuntimeFamily = 'nodejs' | 'python'

/** Which language a runtime name means; undefined for those that do not run here. */
export function runtimeFamily(runtime: Runtime): RuntimeFamily | undefined {
  if (runtime.startsWith('nodejs')) return 'nodejs'
  return runtime.startsWith('python') ? 'python' : undefined
}

/** Settings of a new function, defaults filled in. Throws the API's errors. */
export function newSettings(input: CreateFunctionRequest): FunctionSettings {
  refuseUnimplemented(input)
  const image = input.PackageType === 'Image'
  if (image && (input.Runtime !== undefined || input.Handler !== undefined)) {
    throw invalidParameterValue(
      "Please don't provide Handler or Runtime or Layer when the intent is to create a function with PackageType Image",
    )
  }
  if (!image && (input.Runtime === undefined || input.Handler === undefined)) {
    throw invalidParameterValue(
      'Runtime and Handler are mandatory parameters for functions created with deployment packages.',
    )
  }
  const defaults: FunctionSettings = {
    role: input.Role,
    description: '',
    timeout: 3,
    memorySize: 128,
    ephemeralStorage: 512,
    architectures: ['x86_64'],
    tracing: 'PassThrough',
    snapStart: 'None',
  }
  return applyInput({ ...defaults, architectures: input.Architectures ?? defaults.architectures }, input, image)
}

/** Settings after an update: members that are absent stay as they are. */
export function updatedSettings(
  settings: FunctionSettings,
  input: UpdateFunctionConfigurationRequest,
  image: boolean,
): FunctionSettings {
  refuseUnimplemented(input)
  if (image && (input.Runtime !== undefined || input.Handler !== undefined)) {
    throw invalidParameterValue('Runtime and Handler are not supported for functions created with container images.')
  }
  return applyInput(settings, input, image)
}

function applyInput(settings: FunctionSettings, input: SettingsInput, image: boolean): FunctionSettings {
  if (input.Timeout !== undefined) atMost('timeout', input.Timeout, MAX_TIMEOUT)
  if (input.MemorySize !== undefined) atMost('memorySize', input.MemorySize, MAX_MEMORY)
  if (input.ImageConfig !== undefined && !image) {
    throw invalidParameterValue('ImageConfig is not supported for functions created with deployment packages.')
  }
  if (input.Runtime !== undefined && runtimeFamily(input.Runtime) === undefined) {
    throw notImplemented(`The Lambda runtime ${input.Runtime}`)
  }
  const { SubnetIds: subnets, SecurityGroupIds: groups } = input.VpcConfig ?? {}
  const vpc = (subnets?.length ?? 0) + (groups?.length ?? 0) === 0 ? undefined : input.VpcConfig
  return {
    ...settings,
    runtime: input.Runtime ?? settings.runtime,
    handler: input.Handler ?? settings.handler,
    role: input.Role ?? settings.role,
    description: input.Description ?? settings.description,
    timeout: input.Timeout ?? settings.timeout,
    memorySize: input.MemorySize ?? settings.memorySize,
    ephemeralStorage: input.EphemeralStorage?.Size ?? settings.ephemeralStorage,
    tracing: input.TracingConfig?.Mode ?? settings.tracing,
    snapStart: input.SnapStart?.ApplyOn ?? settings.snapStart,
    vpc: input.VpcConfig === undefined ? settings.vpc : vpc,
    logGroup: input.LoggingConfig?.LogGroup ?? settings.logGroup,
    kmsKeyArn: input.KMSKeyArn === undefined ? settings.kmsKeyArn : input.KMSKeyArn || undefined,
    imageCommand: input.ImageConfig === undefined ? settings.imageCommand : input.ImageConfig.Command,
  }
}

/** What would change how a function behaves and does not exist here. */
function refuseUnimplemented(input: SettingsInput): void {
  if (input.Publish) throw notImplemented('Publish (function versions)')
  if (input.PublishTo !== undefined) throw notImplemented('PublishTo')
  if ((input.Layers?.length ?? 0) > 0) throw notImplemented('Layers')
  if (input.DeadLetterConfig?.TargetArn) throw notImplemented('DeadLetterConfig')
  if ((input.FileSystemConfigs?.length ?? 0) > 0) throw notImplemented('FileSystemConfigs')
  if (input.CodeSigningConfigArn !== undefined) throw notImplemented('CodeSigningConfigArn')
  if (input.CapacityProviderConfig !== undefined) throw notImplemented('CapacityProviderConfig')
  if (input.DurableConfig !== undefined) throw notImplemented('DurableConfig')
  if (input.TenancyConfig !== undefined) throw notImplemented('TenancyConfig')
  if (input.LoggingConfig?.LogFormat === 'JSON') throw notImplemented('LoggingConfig with LogFormat JSON')
  if ((input.ImageConfig?.EntryPoint?.length ?? 0) > 0) throw notImplemented('ImageConfig with EntryPoint')
  if (input.ImageConfig?.WorkingDirectory) throw notImplemented('ImageConfig with WorkingDirectory')
}

function atMost(member: string, value: number, limit: number): void {
  if (value <= limit) return
  throw validationException(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ` +
      `Member must have value less than or equal to ${limit}`,
  )
}

/** The function's own variables after checking; undefined when there are none. */
export function functionVariables(environment: Environment | undefined): Readonly<Record<string, string>> | undefined {
  const variables = environment?.Variables ?? {}
  const names = Object.keys(variables)
  const reserved = names.filter((name) => RESERVED.has(name))
  if (reserved.length > 0) {
    throw invalidParameterValue(
      'Lambda was unable to configure your environment variables because the environment variables you have provided ' +
        'contains reserved keys that are currently not supported for modification. ' +
        `Reserved keys used in this request: ${reserved.join(', ')}`,
    )
  }
  // AWS shows the values in this message; they may be secrets, so they are left out.
  if (Buffer.byteLength(JSON.stringify(variables)) > MAX_VARIABLE_BYTES) {
    throw invalidParameterValue(
      'Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.',
    )
  }
  if (names.some((name) => variables[name]!.includes('\0'))) {
    throw invalidParameterValue('An environment variable contains a NUL character.')
  }
  return names.length === 0 ? undefined : variables
}
