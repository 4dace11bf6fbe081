import { isSuccess, type RunningInvocation } from '../../../dataplane/invocation.ts'
import { type Answer, AnswerBroken, AnswerSink } from './answer-sink.ts'
import type { AsyncDeps, Workplace } from './async-deps.ts'
import type { AsyncRequestDocument, ClaimedRequest } from './async-request.ts'
import { MOST_RESPONSE_BYTES } from './notifications.ts'
import { type Input, MOST_PAYLOAD_BYTES } from './read-input.ts'
import {
  brokeOften,
  handoverTooLarge,
  MOST_BREAKS,
  RequestDeferred,
  refusedByModel,
  responseTooLarge,
  timedOut,
} from './request-failure.ts'

/** A container's answer that is under way, or whole. */
export interface Call {
  /** @throws RequestFailure, RequestDeferred */
  readonly answer: Promise<Answer>
  /** What became of it, of a rejection of `answer` or of an error that the answer's stream broke with. */
  explain(error: unknown): unknown
  /** Nobody waits for it any longer. */
  end(): void
}

/** Sends a request to the instance. Its time, all of the answer included, is the request's own. */
export function callContainer(
  { dataPlane }: AsyncDeps,
  { variant }: Workplace,
  request: ClaimedRequest,
  input: Input,
  signal: AbortSignal,
): Call {
  const { document } = request
  const sink = new AnswerSink(MOST_RESPONSE_BYTES)
  const running: RunningInvocation = dataPlane.invoke(
    variant,
    {
      headerLines: headerLines(document, input.contentType),
      body: input.body,
      contentLength: input.size,
      timeoutMilliseconds: document.timeoutSeconds * 1000,
      maxResponseBytes: MOST_PAYLOAD_BYTES,
    },
    sink,
  )
  sink.attach(running)
  // The data plane's own time begins anew with each part of a stream that moves.
  const timer = setTimeout(() => sink.fail('timed-out'), document.timeoutSeconds * 1000)
  const onAbort = () => sink.fail('broken')
  signal.addEventListener('abort', onAbort, { once: true })
  // It may have come while the input was being opened.
  if (signal.aborted) onAbort()
  return {
    answer: sink.answer.then((answer) => accepted(answer, running.container)),
    explain: (error) => (error instanceof AnswerBroken ? explained(error, request, signal) : error),
    end() {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    },
  }
}

function accepted(answer: Answer, container: string | undefined): Answer {
  if (isSuccess(answer.status)) return answer
  throw refusedByModel(answer.status, answer.body as Uint8Array, container)
}

function explained({ failure, message }: AnswerBroken, request: ClaimedRequest, signal: AbortSignal): Error {
  if (signal.aborted) return new RequestDeferred(message, { broke: false })
  if (failure === 'timed-out') return timedOut(request.document.timeoutSeconds)
  if (failure === 'too-large') return responseTooLarge(MOST_PAYLOAD_BYTES)
  // It would be too large the next time as well.
  if (typeof failure !== 'string') return handoverTooLarge(failure)
  // Also when we are to blame: what breaks us each time must not be tried for ever.
  const broke = failure === 'broken' || failure === 'internal'
  if (broke && request.breaks + 1 >= MOST_BREAKS) return brokeOften()
  return new RequestDeferred(message, { broke })
}

/** Values have been checked when the request was accepted; an object's own type is checked here. */
function headerLines(document: AsyncRequestDocument, ownType: string | undefined): string {
  const type =
    document.contentType ?? (ownType !== undefined && /^[\x20-\x7e]{1,1024}$/.test(ownType) ? ownType : undefined)
  const lines: readonly (readonly [string, string | undefined])[] = [
    ['Content-Type', type],
    ['Accept', document.accept],
    ['X-Amzn-SageMaker-Custom-Attributes', document.customAttributes],
    ['X-Amzn-SageMaker-Inference-Id', document.inferenceId],
  ]
  return lines.map(([name, value]) => (value === undefined ? '' : `${name}: ${value}\r\n`)).join('')
}
