import type { Kysely } from 'kysely'
import * as core from './migrations/001-core.ts'
import * as access from './migrations/002-access.ts'
import * as s3 from './migrations/003-s3.ts'
import * as lambda from './migrations/004-lambda.ts'
import * as logs from './migrations/005-logs.ts'
import * as sagemaker from './migrations/006-sagemaker.ts'
import * as endpoints from './migrations/007-endpoints.ts'
import * as sagemakerRuntime from './migrations/008-sagemaker-runtime.ts'
import * as kms from './migrations/010-kms.ts'
import * as ecr from './migrations/011-ecr.ts'
import * as iamGroups from './migrations/012-iam-groups.ts'
import * as s3Access from './migrations/014-s3-access.ts'
import * as s3Encryption from './migrations/015-s3-encryption.ts'
import * as sagemakerPolicies from './migrations/016-sagemaker-policies.ts'
import * as accessDenials from './migrations/018-access-denials.ts'
import * as cloudwatch from './migrations/020-cloudwatch.ts'
import * as endpointDeployments from './migrations/021-endpoint-deployments.ts'
import * as endpointContainers from './migrations/022-endpoint-containers.ts'
import * as autoscaling from './migrations/023-autoscaling.ts'
import * as servingWorkers from './migrations/024-serving-workers.ts'
import * as sqs from './migrations/025-sqs.ts'
import * as sns from './migrations/026-sns.ts'
import * as asyncInference from './migrations/027-async-inference.ts'
import * as s3Inline from './migrations/028-s3-inline.ts'
import * as scheduledScaling from './migrations/029-scheduled-scaling.ts'
import * as asyncTrouble from './migrations/031-async-trouble.ts'
import * as asyncNarrow from './migrations/032-async-narrow.ts'
import * as scalingBounds from './migrations/033-scaling-bounds.ts'

/** One forward-only step of the database's shape. The name is recorded once it has run and never changes. */
export interface Migration {
  readonly name: string
  up(db: Kysely<unknown>): Promise<void>
}

/** All migrations, in the order they run. */
export const migrations: readonly Migration[] = [
  { name: '001-core', up: core.up },
  { name: '002-access', up: access.up },
  { name: '003-s3', up: s3.up },
  { name: '004-lambda', up: lambda.up },
  { name: '005-logs', up: logs.up },
  { name: '006-sagemaker', up: sagemaker.up },
  { name: '007-endpoints', up: endpoints.up },
  { name: '008-sagemaker-runtime', up: sagemakerRuntime.up },
  { name: '010-kms', up: kms.up },
  { name: '011-ecr', up: ecr.up },
  { name: '012-iam-groups', up: iamGroups.up },
  { name: '014-s3-access', up: s3Access.up },
  { name: '015-s3-encryption', up: s3Encryption.up },
  { name: '016-sagemaker-policies', up: sagemakerPolicies.up },
  { name: '018-access-denials', up: accessDenials.up },
  { name: '020-cloudwatch', up: cloudwatch.up },
  { name: '021-endpoint-deployments', up: endpointDeployments.up },
  { name: '022-endpoint-containers', up: endpointContainers.up },
  { name: '023-autoscaling', up: autoscaling.up },
  { name: '024-serving-workers', up: servingWorkers.up },
  { name: '025-sqs', up: sqs.up },
  { name: '026-sns', up: sns.up },
  { name: '027-async-inference', up: asyncInference.up },
  { name: '028-s3-inline', up: s3Inline.up },
  { name: '029-scheduled-scaling', up: scheduledScaling.up },
  { name: '031-async-trouble', up: asyncTrouble.up },
  { name: '032-async-narrow', up: asyncNarrow.up },
  { name: '033-scaling-bounds', up: scalingBounds.up },
]
