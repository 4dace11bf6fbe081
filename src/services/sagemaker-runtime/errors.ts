import type { InvocationFailure, OversizedHandover } from '../../dataplane/invocation.ts'
import { ServiceError } from '../../wire/service-error.ts'

/** The longest part of a container's error body that is passed on. */
export const MAX_ORIGINAL_MESSAGE = 16 * 1024

export const validationError = (message: string): ServiceError =>
  new ServiceError('ValidationError', message, { members: { Message: message } })

export const endpointNotFound = (endpoint: string, account: string): ServiceError =>
  validationError(`Endpoint ${endpoint} of account ${account} not found.`)

export const variantNotFound = (variant: string, endpoint: string): ServiceError =>
  validationError(`Variant ${variant} was not found in endpoint ${endpoint}.`)

export const targetContainerMissing = (endpoint: string): ServiceError =>
  validationError(
    `Endpoint ${endpoint} is configured for direct invocation: TargetContainerHostname must be specified.`,
  )

export const targetContainerNotFound = (container: string, endpoint: string): ServiceError =>
  validationError(`Container ${container} was not found in endpoint ${endpoint}.`)

export const notDirect = (endpoint: string): ServiceError =>
  validationError(
    `TargetContainerHostname cannot be specified: endpoint ${endpoint} is not configured for direct invocation.`,
  )

/** InvokeEndpointAsync on an endpoint that answers at once. */
export const notAsynchronous = (endpoint: string): ServiceError =>
  validationError(`Endpoint ${endpoint} is not an asynchronous endpoint. Use InvokeEndpoint.`)

/** The config's path, the request's extension and the name together: nothing could ever be written there. */
export const resultKeyTooLong = (): ServiceError =>
  validationError(
    'The S3OutputPath or S3FailurePath of the endpoint, S3OutputPathExtension and the name of the object make a key of more than 1024 bytes, which Amazon S3 does not take.',
  )

/** InvokeEndpoint, or the streaming one, on an endpoint that only queues. */
export const onlyAsynchronous = (endpoint: string): ServiceError =>
  validationError(`Endpoint ${endpoint} is an asynchronous endpoint. Use InvokeEndpointAsync.`)

export const noWeights = (endpoint: string): ServiceError =>
  validationError(`No production variant of endpoint ${endpoint} has a weight above zero.`)

/** It was never opened, has been closed, has expired, or its instance has gone and the session with it. */
export const sessionNotFound = (session: string): ServiceError =>
  validationError(`Session ${session} does not exist or has expired.`)

export const bodyTooLarge = (limit: number): ServiceError =>
  validationError(`The request body is larger than the limit of ${limit} bytes.`)

export const serviceUnavailable = (message: string): ServiceError =>
  new ServiceError('ServiceUnavailable', message, { status: 503, members: { Message: message } })

/** Whose logs an error refers to. */
export interface LogLocation {
  readonly endpointName: string
  readonly account: string
  readonly region: string
}

/** How a lone container is called. */
const LONE = 'primary'

/** The container answered outside 2xx: its status and body are passed on. Wording as the service's (InvokeEndpoint, API reference). */
export function containerAnswered(
  status: number,
  body: Buffer,
  location: LogLocation,
  container: string = LONE,
): ServiceError {
  const text = body.toString('utf8', 0, MAX_ORIGINAL_MESSAGE)
  const side = status < 500 ? 'client' : 'server'
  return modelError(
    `Received ${side} error (${status}) from ${container} with message "${text}".`,
    status,
    text,
    location,
    status < 500 ? 'CLIENT_ERROR_FROM_MODEL' : 'SERVER_ERROR_FROM_MODEL',
  )
}

const containerTimedOut = (location: LogLocation, container: string): ServiceError => {
  const text = `Your invocation timed out while waiting for a response from container ${container}. Review the latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again.`
  return modelError(`Received server error (0) from ${container} with message "${text}".`, 0, text, location)
}

const containerBroke = (status: number, location: LogLocation, container: string): ServiceError =>
  modelError(
    `Received server error (${status}) from ${container} and could not load the entire response body.`,
    status,
    '',
    location,
  )

const responseTooLarge = (limit: number, location: LogLocation, container: string): ServiceError => {
  const text = `The response of the container is larger than the limit of ${limit} bytes.`
  return modelError(`Received server error (0) from ${container} with message "${text}".`, 0, text, location)
}

/**
 * What is wrong with a body that one container of a pipeline has for the next. Source: "Inference pipelines in Amazon SageMaker AI"
 * (developer guide).
 */
export const oversizedHandover = ({ from, to, status, bytes }: OversizedHandover): string =>
  `Received response from ${from} with status code ${status}. However, the request payload from ${from} to ${to} is ${bytes} bytes, which has exceeded the maximum limit of 5 MB.`

const noInstance = (location: LogLocation): ServiceError =>
  serviceUnavailable(
    `No instance of endpoint ${location.endpointName} could be reached. Try again; if it persists, see the endpoint's logs.`,
  )

/** @param container the one that would be asked first, when there are several */
export const nothingHosted = (location: LogLocation, container: string = LONE): ServiceError => {
  const text = 'No container runs: the server was started with the runtime none.'
  return modelError(`Received server error (0) from ${container} with message "${text}".`, 0, text, location)
}

/**
 * What an invocation that failed is answered with. `status`: that of the container which it failed at, 0 when it gave
 * none; `container` its name, when there are several.
 */
export function failureError(
  failure: Exclude<InvocationFailure, 'internal'>,
  status: number,
  location: LogLocation,
  maxResponseBytes: number,
  container: string = LONE,
): ServiceError {
  if (failure === 'timed-out') return containerTimedOut(location, container)
  if (failure === 'too-large') return responseTooLarge(maxResponseBytes, location, container)
  if (failure === 'no-instance') return noInstance(location)
  if (failure === 'broken') return containerBroke(status, location, container)
  return modelError(oversizedHandover(failure), failure.status, '', location)
}

function modelError(
  sentence: string,
  status: number,
  original: string,
  location: LogLocation,
  errorCode?: string,
): ServiceError {
  const { endpointName, account, region } = location
  const group = `/aws/sagemaker/Endpoints/${endpointName}`
  const link = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#logEventViewer:group=${group}`
  const message = `${sentence} See ${link} in account ${account} for more information.`
  return new ServiceError('ModelError', message, {
    status: 424,
    members: {
      Message: message,
      OriginalStatusCode: status,
      OriginalMessage: original,
      LogStreamArn: `arn:aws:logs:${region}:${account}:log-group:${group}`,
      ...(errorCode === undefined ? {} : { ErrorCode: errorCode }),
    },
  })
}
