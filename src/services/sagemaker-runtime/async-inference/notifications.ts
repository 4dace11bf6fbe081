import { type ClaimedRequest, formatPlace } from './async-request.ts'

/** Subject of what SageMaker publishes. */
export const SUBJECT = 'Amazon SageMaker Notification'

/** Published to each topic when a config takes effect, so that missing rights show at once. */
export const TEST_MESSAGE = JSON.stringify({
  eventVersion: '1.0',
  eventSource: 'aws:sagemaker',
  eventName: 'TestNotification',
})

/** The largest answer that a notification carries, in bytes. */
export const MOST_RESPONSE_BYTES = 128 * 1024

interface Occasion {
  readonly region: string
  readonly endpointName: string
  /** Epoch milliseconds. */
  readonly at: number
}

/**
 * What is published of a request that has been answered, its keys in the documented order. `response` is the answer itself where the
 * config asks for it and it is small enough. Source: "Check prediction results" (developer guide).
 */
export function successMessage(
  request: ClaimedRequest,
  occasion: Occasion,
  contentType: string | undefined,
  response: Uint8Array | undefined,
): string {
  const { output } = request.document
  return JSON.stringify({
    ...opening(request, occasion, 'Completed'),
    requestParameters: requestParameters(request, occasion),
    responseParameters: {
      ...(contentType !== undefined && { contentType }),
      ...(output !== undefined && { outputLocation: formatPlace(output) }),
    },
    ...(response !== undefined && {
      responseBody: {
        content: Buffer.from(response.buffer, response.byteOffset, response.byteLength).toString('base64'),
        message: 'Check S3 path location(if configured) or Cloudwatch for additional details.',
        encoding: 'BASE64',
      },
    }),
    ...closing(request),
  })
}

/** What is published of a request that has failed. */
export function failureMessage(
  request: ClaimedRequest,
  occasion: Occasion,
  reason: string,
  response: Uint8Array | undefined,
): string {
  return JSON.stringify({
    ...opening(request, occasion, 'Failed'),
    failureReason: reason,
    requestParameters: requestParameters(request, occasion),
    ...(response !== undefined && {
      responseBody: {
        content: Buffer.from(response.buffer, response.byteOffset, response.byteLength).toString('base64'),
        message: 'Check S3 path location(if configured) or Cloudwatch for additional details.',
        encoding: 'BASE64',
      },
    }),
    ...closing(request),
  })
}

const opening = ({ receivedAt }: ClaimedRequest, { region, at }: Occasion, status: 'Completed' | 'Failed') => ({
  awsRegion: region,
  eventTime: new Date(at).toISOString(),
  receivedTime: new Date(receivedAt).toISOString(),
  invocationStatus: status,
})

const requestParameters = ({ document }: ClaimedRequest, { endpointName }: Occasion) => ({
  ...(document.contentType !== undefined && { contentType: document.contentType }),
  ...(document.accept !== undefined && { accept: document.accept }),
  ...(document.customAttributes !== undefined && { customAttributes: document.customAttributes }),
  endpointName,
  ...(document.inputLocation !== undefined && { inputLocation: document.inputLocation }),
})

const closing = ({ document }: ClaimedRequest) => ({
  inferenceId: document.inferenceId,
  eventVersion: '1.0',
  eventSource: 'aws:sagemaker',
  eventName: 'InferenceResult',
})
