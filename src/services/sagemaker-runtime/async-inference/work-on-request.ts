import type { Principal } from '../../../access/principal.ts'
import type { Statement } from '../../../storage/database.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { PreparedObject } from '../../s3/facade.ts'
import type { Answer } from './answer-sink.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { AsyncMeter } from './async-meter.ts'
import { type ClaimedRequest, formatPlace, type Notification, type ObjectPlace } from './async-request.ts'
import { callContainer } from './container-call.ts'
import { failureStatements } from './failure-log.ts'
import { type EndPublication, TopicGone } from './joint-ends.ts'
import { failureMessage, MOST_RESPONSE_BYTES, SUBJECT, successMessage } from './notifications.ts'
import { type Input, inputTrouble, type ReadInput, readInput } from './read-input.ts'
import { expired, RequestFailure, uploadFailed } from './request-failure.ts'
import { ClaimLost } from './request-queue.ts'
import { failureAfter, isLast, isPassing } from './trouble.ts'

/** A line for the instance's `data-log`. */
export type Note = (request: ClaimedRequest, text: string) => void

/** What a request's work is told with, and ended by. */
export interface WorkSigns {
  /** The input, where it has been read before. */
  readonly read: ReadInput | undefined
  readonly note: Note
  /** The container has given all of its answer: it may have another request. Not called of a request that fails. */
  readonly onAnswered: () => void
  readonly signal: AbortSignal
}

/** `overloaded` is a failure of a container that has too much to do, `failed` any other: the request's own, or that of storage. */
export type Ending = 'answered' | 'failed' | 'overloaded'

/**
 * Brings a request to its end: its output is an object, or its failure is, and both are told, in the unit of work with which the request
 * leaves the queue. Resolves to what that was.
 * @throws RequestDeferred, ClaimLost, or what is wrong with storage: the request is still in the queue then
 */
export async function workOnRequest(
  deps: AsyncDeps,
  workplace: Workplace,
  request: ClaimedRequest,
  meter: AsyncMeter,
  signs: WorkSigns,
): Promise<Ending> {
  const { note, signal } = signs
  const begun = deps.clock.now()
  try {
    if (begun >= request.expiresAt) throw expired((request.expiresAt - request.receivedAt) / 1000, request.trouble)
    const principal = await workplace.principal()
    await answerRequest(deps, workplace, request, principal, meter, signs)
    meter.processed(begun - request.receivedAt, deps.clock.now() - request.receivedAt)
    return 'answered'
  } catch (error) {
    // Work that was cut off says nothing of the request.
    if (signal.aborted && !(error instanceof RequestFailure)) throw error
    const failure = error instanceof RequestFailure ? error : failureAfter(error, request)
    if (failure === undefined) throw error
    if (failure !== error)
      deps.log.error({ err: error, request: request.requestId }, 'an asynchronous request cannot be worked on')
    await failRequest(deps, workplace, request, failure, meter, note)
    return failure.overload ? 'overloaded' : 'failed'
  }
}

async function answerRequest(
  deps: AsyncDeps,
  workplace: Workplace,
  request: ClaimedRequest,
  principal: Principal,
  meter: AsyncMeter,
  { read, note, onAnswered, signal }: WorkSigns,
): Promise<void> {
  const { document } = request
  const opening = performance.now()
  const input = read?.input ?? (await readInput(deps, request, principal, signal))
  meter.downloaded(read?.took ?? performance.now() - opening)
  const call = callContainer(deps, workplace, request, input, signal)
  try {
    const answer = await call.answer
    if (answer.body instanceof Uint8Array) onAnswered()
    const contentType = presentable(answer.headers.get('content-type'))
    const storing = performance.now()
    const object = await prepareOutput(deps, request, answer, contentType, principal)
    meter.uploaded(performance.now() - storing)
    onAnswered()
    const response =
      document.onSuccess?.withResponse && answer.body instanceof Uint8Array && answer.body.length <= MOST_RESPONSE_BYTES
        ? answer.body
        : undefined
    const message = successMessage(request, occasion(deps, workplace), contentType, response)
    const telling = { deps, request, notification: document.onSuccess, meter, note }
    const publication = await publicationOf(telling, message, principal)
    await commitEnd(telling, object, publication).catch((error: unknown) => {
      throw document.output === undefined ? error : asUploadFailure(error, document.output)
    })
    note(request, 'Inference request succeeded.')
  } catch (error) {
    throw brokenInput(request, input, signal) ?? call.explain(error)
  } finally {
    call.end()
    if (input.body.kind === 'stream') input.body.stream.destroy()
  }
}

/** Why the input ended before its end, if it did: the container is not to blame for that. */
function brokenInput({ document }: ClaimedRequest, { body }: Input, signal: AbortSignal): unknown {
  const error = body.kind === 'stream' && !signal.aborted ? body.stream.errored : null
  return error === null ? undefined : inputTrouble(error, document.inputLocation ?? '')
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
  const principal = await workplace.principal().catch((error: unknown) => {
    // Nobody may be told as a role that is gone; whether it is must be known.
    if (error instanceof RequestFailure) return undefined
    throw error
  })
  const object = principal === undefined ? undefined : await prepareFailure(deps, request, failure, principal, note)
  const response = document.onError?.withResponse && failure.response !== undefined ? failure.response : undefined
  const message = failureMessage(request, occasion(deps, workplace), failure.message, response)
  const telling = { deps, request, notification: document.onError, meter, note }
  const publication = principal === undefined ? undefined : await publicationOf(telling, message, principal)
  const kept = failureStatements(deps.database, request, failure.message, deps.clock.now())
  await commitEnd(telling, object, publication, kept)
    .catch((error: unknown) => {
      // A bucket or a topic that has gone meanwhile; the request is to end all the same.
      refuseUnlessTold(error)
      note(request, `Failed to write the failure: ${(error as Error).message}`)
      return commitEnd(telling, undefined, publication, kept)
    })
    .catch((error: unknown) => {
      refuseUnlessTold(error)
      note(request, `Failed to publish the failure: ${(error as Error).message}`)
      return commitEnd(telling, undefined, undefined, kept)
    })
  meter.failed(failure.kind)
  note(request, failure.logged)
}

/** The output as an object that is all there but for its unit of work; undefined where only the notification tells the answer. */
async function prepareOutput(
  { s3 }: AsyncDeps,
  { document: { output, kmsKeyId } }: ClaimedRequest,
  answer: Answer,
  contentType: string | undefined,
  principal: Principal,
): Promise<PreparedObject | undefined> {
  if (output === undefined) {
    if (!(answer.body instanceof Uint8Array)) answer.body.destroy()
    return undefined
  }
  try {
    return await s3.prepareObject(principal, output.bucket, output.key, answer.body, { contentType, kmsKeyId })
  } catch (error) {
    if (!(answer.body instanceof Uint8Array)) answer.body.destroy()
    throw asUploadFailure(error, output)
  }
}

/** The failure's text as an object. What is refused there costs only that. */
async function prepareFailure(
  { s3 }: AsyncDeps,
  request: ClaimedRequest,
  { message }: RequestFailure,
  principal: Principal,
  note: Note,
): Promise<PreparedObject | undefined> {
  const { failure: place, kmsKeyId } = request.document
  if (place === undefined) return undefined
  try {
    const options = { contentType: 'text/plain', kmsKeyId }
    return await s3.prepareObject(principal, place.bucket, place.key, Buffer.from(message), options)
  } catch (error) {
    refuseUnlessTold(error)
    note(request, `Failed to write ${formatPlace(place)}: ${(error as Error).message}`)
    return undefined
  }
}

/** Of the telling of a failure: only what passes by itself is worth trying all of it again. @throws it */
function refuseUnlessTold(error: unknown): void {
  if (error instanceof ClaimLost || isPassing(error)) throw error
}

/** What it takes to tell the end of a request. */
interface Telling {
  readonly deps: AsyncDeps
  readonly request: ClaimedRequest
  readonly notification: Notification | undefined
  readonly meter: AsyncMeter
  readonly note: Note
}

/**
 * One unit: the object is there, the request is not, and the notification is on its way. A topic that has gone in this very moment costs
 * the notification alone, and that is said like any other that cannot be published.
 */
async function commitEnd(
  telling: Telling,
  object: PreparedObject | undefined,
  publication: EndPublication | undefined,
  further: readonly Statement[] = [],
): Promise<void> {
  const { deps, request } = telling
  const commit = deps.ends.commit({ request, object, publication, further }).catch(async (error: unknown) => {
    if (!(error instanceof TopicGone)) throw error
    await deps.ends.commit({ request, object, publication: undefined, further })
    // Not before: a request that is tried again would tell of it again.
    unpublished(telling, error)
  })
  await (object === undefined ? commit : object.settle(commit))
}

/** What S3 refuses is the request's failure; what broke is not. */
const asUploadFailure = (error: unknown, place: ObjectPlace): unknown =>
  error instanceof ServiceError && error.status < 500 ? uploadFailed(formatPlace(place), error.message) : error

/** What is published of it. A topic that refuses costs the notification, not the request. */
async function publicationOf(
  telling: Telling,
  message: string,
  principal: Principal,
): Promise<EndPublication | undefined> {
  const { deps, request, notification } = telling
  if (notification === undefined) return undefined
  try {
    const topic = await deps.sns.openTopic(principal, notification.topic)
    return { topicArn: notification.topic, topic, notification: topic.accept({ message, subject: SUBJECT }) }
  } catch (error) {
    const refused = error instanceof ServiceError && error.status < 500
    if (!refused && (isPassing(error) || !isLast(request))) throw error
    unpublished(telling, error as Error)
    return undefined
  }
}

function unpublished({ request, notification, meter, note }: Telling, { message }: Error): void {
  meter.notificationFailed()
  note(request, `Failed to publish to ${notification?.topic}: ${message}`)
}

const occasion = ({ clock }: AsyncDeps, { route }: Workplace) => ({
  region: route.region,
  endpointName: route.endpointName,
  at: clock.now(),
})

const presentable = (value: string | undefined): string | undefined =>
  value !== undefined && /^[\x20-\x7e]{1,1024}$/.test(value) ? value : undefined
