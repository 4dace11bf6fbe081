import type { CredentialSource } from '../access/credential-source.ts'
import { createPolicyCache, type PolicyCache } from '../access/policy/policy-cache.ts'
import { createAutoscalingDirectory } from '../services/application-autoscaling/resource-directory.ts'
import type { Authorizer } from '../services/authorizer.ts'
import { createEcrDirectory } from '../services/ecr/resource-directory.ts'
import { createCredentialSource } from '../services/iam/access-keys/credential-source.ts'
import { createAuthorizer } from '../services/iam/authorization/create-authorizer.ts'
import { createIamResources } from '../services/iam/authorization/iam-resources.ts'
import { IdentityPolicies } from '../services/iam/authorization/identity-policies.ts'
import { createDenialRecorder } from '../services/iam/denials/denial-recorder.ts'
import type { IamDeps } from '../services/iam/iam-deps.ts'
import { createLambdaDirectory } from '../services/lambda/resource-directory.ts'
import { createLogsDirectory } from '../services/logs/resource-directory.ts'
import { type BucketCatalog, createBucketCatalog } from '../services/s3/access/bucket-catalog.ts'
import { createS3Directory } from '../services/s3/access/s3-directory.ts'
import { createSagemakerDirectory } from '../services/sagemaker/resource-directory.ts'
import { createSnsDirectory } from '../services/sns/resource-directory.ts'
import { TopicCatalog } from '../services/sns/topics/topic-catalog.ts'
import { QueueCatalog } from '../services/sqs/queues/queue-catalog.ts'
import { createSqsDirectory } from '../services/sqs/resource-directory.ts'
import type { Foundation } from './foundation.ts'

/** Who asks, and whether he may. */
export interface Access {
  readonly iamDeps: IamDeps & Pick<Foundation, 'clock'>
  readonly credentials: CredentialSource
  readonly policies: PolicyCache
  readonly authorizer: Authorizer
  /** What services and the authorizer know of their resources alike. */
  readonly buckets: BucketCatalog
  readonly queues: QueueCatalog
  readonly topics: TopicCatalog
}

/** Joins identities, their policies, and those of the resources: each service with policies on resources has a directory here. */
export function joinAccess({ database, masterKey, changeFeed, clock, log }: Foundation): Access {
  const iamDeps = { database, masterKey, changeFeed, clock }
  const policies = createPolicyCache()
  const buckets = createBucketCatalog({ database, changeFeed, policies })
  const queues = new QueueCatalog(database, changeFeed)
  const topics = new TopicCatalog(database, changeFeed)
  const authorizer = createAuthorizer({
    identities: new IdentityPolicies({ database, changeFeed, policies }),
    directories: {
      iam: createIamResources(iamDeps),
      s3: createS3Directory({ database, buckets }),
      sagemaker: createSagemakerDirectory({ database, changeFeed, policies }),
      ecr: createEcrDirectory({ database, changeFeed, policies }),
      lambda: createLambdaDirectory({ database, changeFeed, policies }),
      logs: createLogsDirectory({ database }),
      sqs: createSqsDirectory(queues, policies),
      sns: createSnsDirectory(topics, policies),
      'application-autoscaling': createAutoscalingDirectory({ database }),
    },
    denials: createDenialRecorder({ database, masterKey, clock, log }),
    clock,
  })
  return { iamDeps, credentials: createCredentialSource(iamDeps), policies, authorizer, buckets, queues, topics }
}
