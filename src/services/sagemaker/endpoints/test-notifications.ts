import type { Statement } from '../../../storage/database.ts'
import { ServiceError, validationException } from '../../../wire/service-error.ts'
import { SUBJECT, TEST_MESSAGE } from '../../sagemaker-runtime/facade.ts'
import { denialHint } from '../denial-hint.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import type { EndpointSpec } from './endpoint-spec.ts'

/**
 * What publishes a test message to each topic of an asynchronous endpoint, as each execution role: rights that are missing
 * are found out by whoever makes the endpoint. Source: "Asynchronous inference" (developer guide).
 * @throws ValidationException when a role may not publish
 */
export async function testNotifications(
  { iam, sns }: SagemakerDeps,
  { asyncInferenceConfig, variants }: EndpointSpec,
): Promise<readonly Statement[]> {
  const { SuccessTopic, ErrorTopic } = asyncInferenceConfig?.OutputConfig.NotificationConfig ?? {}
  const topics = [...new Set([SuccessTopic, ErrorTopic].filter((topic) => topic !== undefined))]
  const statements: Statement[] = []
  for (const topic of topics) {
    for (const [index, role] of [...new Set(variants.map((variant) => variant.executionRoleArn))].entries()) {
      const principal =
        role === undefined ? undefined : await iam.assumeRoleForService(role, 'sagemaker.amazonaws.com', 'SageMaker')
      if (principal === undefined) throw mayNotPublish(role, topic)
      try {
        const open = await sns.openTopic(principal, topic)
        const { statements: publish } = open.publication({ message: TEST_MESSAGE, subject: SUBJECT })
        // One message a topic, however many roles may send it.
        if (index === 0) statements.push(...publish)
      } catch (error) {
        if (!(error instanceof ServiceError) || error.status >= 500) throw error
        throw mayNotPublish(role, topic, error)
      }
    }
  }
  return statements
}

const mayNotPublish = (role: string | undefined, topic: string, cause?: ServiceError): ServiceError =>
  validationException(
    `The provided role "${role}" is invalid. Please ensure the role exists, that its trust relationship policy allows the ` +
      'action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com", and has "sns:Publish" permissions ' +
      `for topic "${topic}"${cause === undefined ? '' : denialHint(cause)}`,
  )
