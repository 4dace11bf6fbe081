import type { Readable } from 'node:stream'
import type { Principal } from '../../../access/principal.ts'
import type { Statement } from '../../../storage/database.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { Answer } from './answer-sink.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { AsyncMeter } from './async-meter.ts'
import { type ClaimedRequest, formatPlace, type Notification, type ObjectPlace } from './async-request.ts'
import { callContainer } from './container-call.ts'
import { failureStatements } from './failure-log.ts'
import { failureMessage, MOST_RESPONSE_BYTES, SUBJECT, successMessage } from './notifications.ts'
import { readInput } from './read-input.ts'
import { expired, RequestFailure, uploadFailed } from './request-failure.ts'

/** A line for the instance's `data-log`. */
export type Note = (request: ClaimedRequest, text: string) => void

/**
 * Brings a request to its end: its output is an object, or its failure is, and both are told, in the unit of work with which the request
 * leaves the queue. Resolves to whether the container dealt with it.
 * @throws RequestDeferred, ClaimLost, or what is wrong with storage: the request is still in the queue then
 */
export async function workOnRequest(
  deps: AsyncDeps,
  workplace: Workplace,
  request: ClaimedRequest,
  meter: AsyncMeter,
  note: Note,
  signal: AbortSignal,
): Promise<boolean> {
  const begun = deps.clock.now()
  try {
    if (begun >= request.expiresAt) throw expired((request.expiresAt - request.receivedAt) / 1000)
    const principal = await workplace.principal()
    await answerRequest(deps, workplace, request, principal, meter, note, signal)
    meter.processed(begun - request.receivedAt, deps.clock.now() - request.receivedAt)
    return true
  } catch (error) {
    if (!(error instanceof RequestFailure)) throw error
    await failRequest(deps, workplace, request, error, meter, note)
    return error.kind !== 'InvocationFailures'
  }
}

async function answerRequest(
  deps: AsyncDeps,
  workplace: Workplace,
  request: ClaimedRequest,
  principal: Principal,
  meter: AsyncMeter,
  note: Note,
  signal: AbortSignal,
): Promise<void> {
  const { document } = request
  const opening = performance.now()
  const input = await readInput(deps, request, principal, signal)
  meter.downloaded(performance.now() - opening)
  const call = callContainer(deps, workplace, request, input, signal)
  try {
    const answer = await call.answer
    const contentType = presentable(answer.headers.get('content-type'))
    const storing = performance.now()
    if (document.output !== undefined)
      await storeOutput(deps, document.output, answer, contentType, document.kmsKeyId, principal)
    else if (!(answer.body instanceof Uint8Array)) answer.body.destroy()
    meter.uploaded(performance.now() - storing)
    const response =
      document.onSuccess?.withResponse && answer.body instanceof Uint8Array && answer.body.length <= MOST_RESPONSE_BYTES
        ? answer.body
        : undefined
    const message = successMessage(request, occasion(deps, workplace), contentType, response)
    const publication = await publicationOf(deps, request, document.onSuccess, message, principal, meter, note)
    await deps.database.commit([...deps.queue.finish(request), ...publication])
    note(request, 'Inference request succeeded.')
  } catch (error) {
    throw call.explain(error)
  } finally {
    call.end()
    if (input.body.kind === 'stream') input.body.stream.destroy()
  }
}

/** Tells of a failure wherever the config says; what of that is refused is only logged. */
export async function failRequest(
  deps: AsyncDeps,
  workplace: Workplace,
  request: ClaimedRequest,
  failure: RequestFailure,
  meter: AsyncMeter,
  note: Note,
): Promise<void> {
  const { document } = request
  const principal = await workplace.principal().catch(() => undefined)
  if (document.failure !== undefined && principal !== undefined) {
    const { bucket, key } = document.failure
    const options = { contentType: 'text/plain', kmsKeyId: document.kmsKeyId }
    try {
      await deps.s3.putObject(principal, bucket, key, Buffer.from(failure.message), options)
    } catch (error) {
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      note(request, `Failed to write ${formatPlace(document.failure)}: ${error.message}`)
    }
  }
  const response = document.onError?.withResponse && failure.response !== undefined ? failure.response : undefined
  const message = failureMessage(request, occasion(deps, workplace), failure.message, response)
  const publication =
    principal === undefined ? [] : await publicationOf(deps, request, document.onError, message, principal, meter, note)
  await deps.database.commit([
    ...deps.queue.finish(request),
    ...publication,
    ...failureStatements(deps.database, request, failure.message, deps.clock.now()),
  ])
  meter.failed(failure.kind)
  note(request, failure.logged)
}

async function storeOutput(
  { s3 }: AsyncDeps,
  place: ObjectPlace,
  answer: Answer,
  contentType: string | undefined,
  kmsKeyId: string | undefined,
  principal: Principal,
): Promise<void> {
  try {
    await s3.putObject(principal, place.bucket, place.key, answer.body as Readable | Uint8Array, {
      contentType,
      kmsKeyId,
    })
  } catch (error) {
    if (!(answer.body instanceof Uint8Array)) answer.body.destroy()
    if (error instanceof ServiceError && error.status < 500) throw uploadFailed(formatPlace(place), error.message)
    throw error
  }
}

/** The statements that publish. A topic that refuses costs the notification, not the request. */
async function publicationOf(
  { sns }: AsyncDeps,
  request: ClaimedRequest,
  notification: Notification | undefined,
  message: string,
  principal: Principal,
  meter: AsyncMeter,
  note: Note,
): Promise<readonly Statement[]> {
  if (notification === undefined) return []
  try {
    const topic = await sns.openTopic(principal, notification.topic)
    return topic.publication({ message, subject: SUBJECT }).statements
  } catch (error) {
    if (!(error instanceof ServiceError) || error.status >= 500) throw error
    meter.notificationFailed()
    note(request, `Failed to publish to ${notification.topic}: ${error.message}`)
    return []
  }
}

const occasion = ({ clock }: AsyncDeps, { route }: Workplace) => ({
  region: route.region,
  endpointName: route.endpointName,
  at: clock.now(),
})

const presentable = (value: string | undefined): string | undefined =>
  value !== undefined && /^[\x20-\x7e]{1,1024}$/.test(value) ? value : undefined
