import { randomUUID } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { AsyncRoute } from '../../../dataplane/route.ts'
import { type RouteTable, routeKey } from '../../../dataplane/route-table.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { RequestContext } from '../../operation.ts'
import type { AnswerStream } from '../answer-stream.ts'
import { endpointNotFound, notAsynchronous, resultKeyTooLong } from '../errors.ts'
import { type AsyncInvocation, readAsyncHeaders } from './async-headers.ts'
import { type AsyncRequestDocument, formatPlace, type Notification } from './async-request.ts'
import { isTooLong, resultPlaces } from './output-names.ts'
import { sealBody } from './request-body.ts'
import { requestIds } from './request-id.ts'
import { QueueGone, type RequestQueue } from './request-queue.ts'

export interface AcceptDeps {
  readonly routes: RouteTable
  readonly queue: RequestQueue
  readonly box: SealedBox
  readonly nextId: () => string
}

export const acceptDeps = (parts: Omit<AcceptDeps, 'nextId'>, now: () => number): AcceptDeps => ({
  ...parts,
  nextId: requestIds(now),
})

/** An invocation as the gateway hands it over: authenticated and authorised. */
export interface InvokeEndpointAsyncInput {
  readonly endpointName: string
  readonly headers: IncomingHttpHeaders
  /** The parts of the body; none when there is none. */
  readonly body: readonly Uint8Array[]
}

type Context = Pick<RequestContext, 'requestId' | 'account' | 'region' | 'now'>

/**
 * Puts a request into the endpoint's queue and answers 202 when it is durable there. Where its results will be is decided here; whether
 * there is an input is found out when it is worked on.
 * @throws ServiceError ValidationError, or the errors of storage
 */
export async function invokeEndpointAsync(
  { routes, queue, box, nextId }: AcceptDeps,
  { endpointName, headers, body }: InvokeEndpointAsyncInput,
  response: AnswerStream,
  context: Context,
): Promise<void> {
  const invocation = readAsyncHeaders(endpointName, headers, body.length > 0)
  const found = routes.find(routeKey(context.account, context.region, endpointName))
  const route = found instanceof Promise ? await found : found
  if (route === undefined || route.endpointName !== endpointName) throw endpointNotFound(endpointName, context.account)
  if (route.async === undefined) throw notAsynchronous(endpointName)
  const requestId = nextId()
  const document = requestDocument(route.async, invocation)
  const row = {
    queue_id: route.async.queueId,
    request_id: requestId,
    received_at: context.now,
    expires_at: context.now + invocation.timeToLive * 1000,
    document: JSON.stringify(document),
  }
  try {
    await queue.accept({ row, body: body.length === 0 ? undefined : sealBody(box, requestId, body) })
  } catch (error) {
    throw error instanceof QueueGone ? endpointNotFound(endpointName, context.account) : error
  }
  answer(response, context.requestId, document)
}

function requestDocument(route: AsyncRoute, invocation: AsyncInvocation): AsyncRequestDocument {
  const { contentType, accept, customAttributes, inputLocation, extension, filename, timeout } = invocation
  const fresh = randomUUID()
  const { outputPath, failurePath, kmsKeyId, successTopic, errorTopic, responseIn } = route
  const places = resultPlaces({ outputPath, failurePath, extension, filename, fresh })
  if (isTooLong(places.output) || isTooLong(places.failure)) throw resultKeyTooLong()
  const notify = (topic: string | undefined, kind: AsyncRoute['responseIn'][number]): Notification | undefined =>
    topic === undefined ? undefined : { topic, withResponse: responseIn.includes(kind) }
  return {
    inferenceId: invocation.inferenceId ?? randomUUID(),
    inputLocation,
    contentType,
    accept,
    customAttributes,
    output: places.output,
    failure: places.failure,
    kmsKeyId,
    onSuccess: notify(successTopic, 'SUCCESS_NOTIFICATION_TOPIC'),
    onError: notify(errorTopic, 'ERROR_NOTIFICATION_TOPIC'),
    timeoutSeconds: timeout,
  }
}

function answer(
  response: AnswerStream,
  requestId: string,
  { inferenceId, output, failure }: AsyncRequestDocument,
): void {
  const body = JSON.stringify({ InferenceId: inferenceId })
  const headers = ['x-amzn-RequestId', requestId, 'Content-Type', 'application/json']
  if (output !== undefined) headers.push('X-Amzn-SageMaker-OutputLocation', formatPlace(output))
  if (failure !== undefined) headers.push('X-Amzn-SageMaker-FailureLocation', formatPlace(failure))
  headers.push('Content-Length', String(Buffer.byteLength(body)))
  response.writeHead(202, headers)
  // An inference id may hold any printable character.
  response.end(Buffer.from(body))
}
