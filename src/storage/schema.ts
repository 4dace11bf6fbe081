import type { AccessTables } from './schema/access.ts'
import type { AsyncInferenceTables } from './schema/async-inference.ts'
import type { AutoscalingTables } from './schema/autoscaling.ts'
import type { CloudwatchTables } from './schema/cloudwatch.ts'
import type { CoreTables } from './schema/core.ts'
import type { DenialTables } from './schema/denials.ts'
import type { EcrTables } from './schema/ecr.ts'
import type { EndpointTables } from './schema/endpoints.ts'
import type { KmsTables } from './schema/kms.ts'
import type { LambdaTables } from './schema/lambda.ts'
import type { LogsTables } from './schema/logs.ts'
import type { S3Tables } from './schema/s3.ts'
import type { SagemakerTables } from './schema/sagemaker.ts'
import type { SagemakerRuntimeTables } from './schema/sagemaker-runtime.ts'
import type { SnsTables } from './schema/sns.ts'
import type { SqsTables } from './schema/sqs.ts'

/** All tables. Each service keeps its own in schema/<service>.ts; this joins them. */
export interface Schema
  extends AccessTables,
    AsyncInferenceTables,
    AutoscalingTables,
    CloudwatchTables,
    CoreTables,
    DenialTables,
    EcrTables,
    KmsTables,
    LambdaTables,
    LogsTables,
    S3Tables,
    SagemakerTables,
    SagemakerRuntimeTables,
    SnsTables,
    SqsTables,
    EndpointTables {}
