import { createAutoscalingAuthorization } from '../services/application-autoscaling/authorization.ts'
import { cloudwatchAuthorization } from '../services/cloudwatch/authorization.ts'
import { ecrAuthorization } from '../services/ecr/authorization.ts'
import { createEcrService } from '../services/ecr/service.ts'
import { createIamAuthorization } from '../services/iam/authorization.ts'
import { createIamDirectory } from '../services/iam/iam-facade.ts'
import { createIamService } from '../services/iam/service.ts'
import { kmsAuthorization } from '../services/kms/authorization.ts'
import { createKmsService } from '../services/kms/service.ts'
import { lambdaAuthorization } from '../services/lambda/authorization.ts'
import { logsAuthorization } from '../services/logs/authorization.ts'
import { checkTables, createServices, type Services } from '../services/registry.ts'
import { s3Authorization } from '../services/s3/authorization.ts'
import { createS3Service } from '../services/s3/service.ts'
import { sagemakerAuthorization } from '../services/sagemaker/authorization.ts'
import { createSagemakerService } from '../services/sagemaker/service.ts'
import { sagemakerRuntimeAuthorization } from '../services/sagemaker-runtime/authorization.ts'
import { snsAuthorization } from '../services/sns/authorization.ts'
import { sqsAuthorization } from '../services/sqs/authorization.ts'
import { stsAuthorization } from '../services/sts/authorization.ts'
import { createStsService } from '../services/sts/service.ts'
import type { Foundation } from './foundation.ts'
import type { Access } from './join-access.ts'
import type { BaseServices } from './join-base-services.ts'
import { ENDPOINT_INSTANCE_QUOTA } from './join-hosting.ts'
import type { Scaling } from './join-scaling.ts'

/**
 * What the gateway calls: of each service its operations, and what each of them needs to be allowed.
 * @throws Error for an operation that nobody has said this of
 */
export function serviceTables(
  { config, database, masterKey, changeFeed, workQueue, engine }: Foundation,
  { iamDeps, authorizer }: Access,
  { iam, sqs, sns, lambda, logs, kmsDeps, s3Deps, s3, ecrDeps, ecr }: BaseServices,
  { cloudwatch, autoscaling }: Scaling,
): Services {
  const services = createServices({
    sagemaker: {
      operations: createSagemakerService({
        ...{ database, changeFeed, workQueue, authorizer, iam, s3, ecr },
        sns: sns.facade,
        registryHosts: new Set(Object.keys(config.registries).map((host) => host.toLowerCase())),
        endpointInstanceQuota: ENDPOINT_INSTANCE_QUOTA,
        engineProblem: () => engine?.problem,
      }),
      authorization: sagemakerAuthorization,
    },
    'sagemaker-runtime': { operations: {}, authorization: sagemakerRuntimeAuthorization },
    s3: { operations: createS3Service(s3Deps), authorization: s3Authorization },
    lambda: { operations: lambda.operations, authorization: lambdaAuthorization },
    iam: { operations: createIamService(iamDeps), authorization: createIamAuthorization(iamDeps) },
    sts: {
      operations: createStsService({ masterKey, iam: createIamDirectory(iamDeps), authorizer }),
      authorization: stsAuthorization,
    },
    logs: { operations: logs.operations, authorization: logsAuthorization },
    kms: { operations: createKmsService(kmsDeps), authorization: kmsAuthorization },
    ecr: { operations: createEcrService(ecrDeps), authorization: ecrAuthorization },
    'application-autoscaling': { operations: autoscaling, authorization: createAutoscalingAuthorization(database) },
    cloudwatch: { operations: cloudwatch.operations, authorization: cloudwatchAuthorization },
    sns: { operations: sns.operations, authorization: snsAuthorization },
    sqs: { operations: sqs.operations, authorization: sqsAuthorization },
  })
  checkTables(services)
  return services
}
