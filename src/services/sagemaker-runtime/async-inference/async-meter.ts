import type { CloudwatchFacade, MetricCounter } from '../../cloudwatch/facade.ts'
import type { FailureKind } from './request-failure.ts'

const NAMESPACE = 'AWS/SageMaker'

interface Measured {
  readonly account: string
  readonly region: string
  readonly endpointName: string
}

/**
 * Counts what becomes of a variant's requests. Source: "Monitor asynchronous endpoint" (developer guide), with the spelling of the
 * documentation; latencies of S3 are in microseconds, times in the queue in milliseconds.
 */
export class AsyncMeter {
  readonly #failures: Readonly<Record<FailureKind, MetricCounter>>
  readonly #notificationFailures: MetricCounter
  readonly #processed: MetricCounter
  readonly #download: MetricCounter
  readonly #upload: MetricCounter
  readonly #inBacklog: MetricCounter
  readonly #total: MetricCounter

  constructor(cloudwatch: CloudwatchFacade, { account, region, endpointName }: Measured, variant: string) {
    const dimensions = { EndpointName: endpointName, VariantName: variant }
    const counter = (name: string, unit: string) =>
      cloudwatch.counter({ account, region, namespace: NAMESPACE, name, dimensions }, unit, {
        percentiles: unit !== 'Count',
      })
    const count = (name: string) => counter(name, 'Count')
    this.#failures = {
      RequestDownloadFailures: count('RequestDownloadFailures'),
      ResponseUploadFailures: count('ResponseUploadFailures'),
      ExpiredRequests: count('ExpiredRequests'),
      InvocationFailures: count('InvocationFailures'),
    }
    this.#notificationFailures = count('NotificationFailures')
    this.#processed = count('InvocationsProcesssed')
    this.#download = counter('RequestDownloadLatency', 'Microseconds')
    this.#upload = counter('ResponseUploadLatency', 'Microseconds')
    this.#inBacklog = counter('TimeInBacklog', 'Milliseconds')
    this.#total = counter('TotalProcessingTime', 'Milliseconds')
  }

  /** Times in milliseconds. */
  processed(inBacklog: number, total: number): void {
    this.#processed.add(1)
    this.#inBacklog.add(Math.max(0, inBacklog))
    this.#total.add(Math.max(0, total))
  }

  failed(kind: FailureKind): void {
    this.#failures[kind].add(1)
    // What never reached the container, or came back from it, has not failed there.
    if (kind !== 'InvocationFailures') return
    this.#processed.add(1)
  }

  notificationFailed(): void {
    this.#notificationFailures.add(1)
  }

  downloaded(milliseconds: number): void {
    this.#download.add(milliseconds * 1000)
  }

  uploaded(milliseconds: number): void {
    this.#upload.add(milliseconds * 1000)
  }

  close(): void {
    const counters = [this.#notificationFailures, this.#processed, this.#download, this.#upload, this.#inBacklog]
    for (const counter of [...counters, this.#total, ...Object.values(this.#failures)]) counter.close()
  }
}
