/** Where an object is, or is to be. */
export interface ObjectPlace {
  readonly bucket: string
  readonly key: string
}

/** Who is told what has become of a request, as the endpoint's config said when the request was accepted. */
export interface Notification {
  /** ARN of the topic. */
  readonly topic: string
  /** Whether the message carries the container's answer. */
  readonly withResponse: boolean
}

/** A request as it is kept while it waits: everything that is decided when it is accepted. */
export interface AsyncRequestDocument {
  readonly inferenceId: string
  /** `s3://…` as the caller gave it; undefined when the body came with the request. */
  readonly inputLocation?: string
  readonly contentType?: string
  readonly accept?: string
  readonly customAttributes?: string
  /** Undefined when the answer is only told in a notification. */
  readonly output?: ObjectPlace
  readonly failure?: ObjectPlace
  /** Encrypts what is written. */
  readonly kmsKeyId?: string
  readonly onSuccess?: Notification
  readonly onError?: Notification
  /** How long the container may take, in seconds. */
  readonly timeoutSeconds: number
}

/** A request that an instance is working on. */
export interface ClaimedRequest {
  readonly queueId: string
  readonly requestId: string
  readonly claim: string
  readonly receivedAt: number
  readonly expiresAt: number
  readonly breaks: number
  /** What it was put back for last; null when it never was. */
  readonly trouble: string | null
  readonly document: AsyncRequestDocument
}

export const formatPlace = ({ bucket, key }: ObjectPlace): string => `s3://${bucket}/${key}`
