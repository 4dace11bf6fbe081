import type { FunctionConfiguration } from '../../../model/generated/lambda.ts'
import { LATEST } from './function-name.ts'
import { type FunctionRecord, logGroupOf } from './function-record.ts'

/** A function as the API shows it. */
export function functionConfiguration(record: FunctionRecord): FunctionConfiguration {
  const { settings, code } = record
  return {
    FunctionName: record.name,
    FunctionArn: record.arn,
    ...(settings.runtime !== undefined && { Runtime: settings.runtime }),
    Role: settings.role,
    ...(settings.handler !== undefined && { Handler: settings.handler }),
    CodeSize: code.type === 'Zip' ? code.size : 0,
    Description: settings.description,
    Timeout: settings.timeout,
    MemorySize: settings.memorySize,
    LastModified: new Date(record.modifiedAt).toISOString().replace('Z', '+0000'),
    CodeSha256: code.sha256,
    Version: LATEST,
    // No VPC stands behind the subnets here, so none is named.
    ...(settings.vpc !== undefined && {
      VpcConfig: {
        SubnetIds: settings.vpc.SubnetIds ?? [],
        SecurityGroupIds: settings.vpc.SecurityGroupIds ?? [],
        VpcId: '',
        Ipv6AllowedForDualStack: settings.vpc.Ipv6AllowedForDualStack ?? false,
      },
    }),
    ...(record.variables !== undefined && { Environment: { Variables: { ...record.variables } } }),
    ...(settings.kmsKeyArn !== undefined && { KMSKeyArn: settings.kmsKeyArn }),
    TracingConfig: { Mode: settings.tracing },
    RevisionId: record.revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: code.type,
    ...(settings.imageCommand !== undefined && {
      ImageConfigResponse: { ImageConfig: { Command: [...settings.imageCommand] } },
    }),
    Architectures: [...settings.architectures],
    EphemeralStorage: { Size: settings.ephemeralStorage },
    SnapStart: { ApplyOn: settings.snapStart, OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: logGroupOf(record) },
  }
}
