import type { AsyncInferenceConfig, DescribeModelOutput } from '../../../model/generated/sagemaker.ts'
import { parseArn } from '../../../shared/arn.ts'
import { parseS3Location } from '../../../shared/s3-location.ts'
import type { ModelRow } from '../../../storage/schema/sagemaker.ts'
import { validationException } from '../../../wire/service-error.ts'

/**
 * Checks what an asynchronous endpoint is to do with its results beyond the published shape. A config whose results would go
 * nowhere is refused: the shape would take it.
 */
export function checkAsyncConfig({ OutputConfig: output }: AsyncInferenceConfig): void {
  for (const member of ['S3OutputPath', 'S3FailurePath'] as const) {
    const path = output[member]
    if (path !== undefined && parseS3Location(path) === undefined)
      throw validationException(`${member} "${path}" of AsyncInferenceConfig is no location in S3.`)
    // Each answer names a place below it in a header.
    if (path !== undefined && !/^[\x20-\x7e]*$/.test(path))
      throw validationException(`${member} of AsyncInferenceConfig may hold printable ASCII characters only.`)
  }
  const topics = output.NotificationConfig
  for (const member of ['SuccessTopic', 'ErrorTopic'] as const) {
    const topic = topics?.[member]
    if (topic !== undefined && parseArn(topic)?.service !== 'sns')
      throw validationException(`${member} "${topic}" of AsyncInferenceConfig is no topic's ARN.`)
  }
  if (output.S3OutputPath === undefined && topics?.SuccessTopic === undefined)
    throw validationException(
      'AsyncInferenceConfig must have an S3OutputPath, or a SuccessTopic that is told the results.',
    )
}

/** A request to an asynchronous endpoint cannot name a container, and everything about it is done as a role. */
export function checkAsyncModel({ name, document, execution_role_arn }: ModelRow): void {
  const { InferenceExecutionConfig } = JSON.parse(document) as Pick<DescribeModelOutput, 'InferenceExecutionConfig'>
  if (InferenceExecutionConfig?.Mode === 'Direct')
    throw validationException(`Model "${name}" is invoked directly, which asynchronous inference does not support.`)
  if (execution_role_arn === null)
    throw validationException(`Model "${name}" has no ExecutionRoleArn, which asynchronous inference needs.`)
}
