import type { Publication, PublishedAttributes } from '../publishing/publication.ts'
import { messageFor } from '../publishing/publication.ts'
import type { SignatureVersion, Signer } from '../signing/signer.ts'

/** What messages are wrapped into. */
export interface EnvelopeDeps {
  readonly signer: Signer
  /** Scheme, host and port of the links in messages. */
  readonly endpointUrl: string
}

export type Attributes = Readonly<Record<string, { readonly Type: string; readonly Value: string }>>

/** A published message as every subscription sees it, but for the link by which it leaves. */
export interface SignedNotification {
  readonly Type: 'Notification'
  readonly MessageId: string
  readonly TopicArn: string
  readonly Subject?: string
  readonly Message: string
  readonly Timestamp: string
  readonly SignatureVersion: SignatureVersion
  readonly Signature: string
  readonly SigningCertURL: string
}

/**
 * Signs messages on their way. One signature is enough for all subscriptions that get the same text. Source: "Verifying the
 * signatures of Amazon SNS messages" and "Amazon SNS message and JSON formats" (Developer Guide).
 */
export class Envelopes {
  readonly #deps: EnvelopeDeps
  readonly #signed = new Map<string, Promise<SignedNotification>>()

  constructor(deps: EnvelopeDeps) {
    this.#deps = deps
  }

  notification(publication: Publication, protocol: string, version: SignatureVersion): Promise<SignedNotification> {
    const message = messageFor(publication, protocol)
    const key = `${publication.id} ${publication.byProtocol?.[protocol] === undefined ? '' : protocol}`
    const known = this.#signed.get(key)
    if (known !== undefined) return known
    const made = this.#sign(publication, message, version)
    this.#signed.set(key, made)
    return made
  }

  async #sign(publication: Publication, Message: string, version: SignatureVersion): Promise<SignedNotification> {
    const { id: MessageId, topicArn: TopicArn, subject: Subject } = publication
    const Timestamp = new Date(publication.publishedAt).toISOString()
    const content = {
      Type: 'Notification' as const,
      MessageId,
      TopicArn,
      ...(Subject !== undefined && { Subject }),
      Message,
      Timestamp,
    }
    return { ...content, ...(await signature(this.#deps, content, version)) }
  }
}

/** The members that are signed, in their order, those that are there. */
const SIGNED = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const

type Signable = Readonly<Partial<Record<(typeof SIGNED)[number], string>>>

const textToSign = (content: Signable): string =>
  SIGNED.flatMap((name) => (content[name] === undefined ? [] : [`${name}\n${content[name]}\n`])).join('')

/** The members of a message that tell its signature. */
export async function signature({ signer, endpointUrl }: EnvelopeDeps, content: Signable, version: SignatureVersion) {
  return {
    SignatureVersion: version,
    Signature: await signer.sign(textToSign(content), version),
    SigningCertURL: `${endpointUrl}${await signer.certificatePath()}`,
  }
}

/** Where whoever has the message can end the subscription. */
const unsubscribeUrl = (endpointUrl: string, subscriptionArn: string): string =>
  `${endpointUrl}/?Action=Unsubscribe&SubscriptionArn=${encodeURIComponent(subscriptionArn)}`

const showAttributes = (attributes: PublishedAttributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).map(([name, { type, value }]) => [name, { Type: type, Value: value }]))

/** The JSON text that a queue or a web server gets. */
export function notificationText(
  { endpointUrl }: Pick<EnvelopeDeps, 'endpointUrl'>,
  notification: SignedNotification,
  subscriptionArn: string,
  attributes: PublishedAttributes,
): string {
  const hasAttributes = Object.keys(attributes).length > 0
  return JSON.stringify({
    ...notification,
    UnsubscribeURL: unsubscribeUrl(endpointUrl, subscriptionArn),
    ...(hasAttributes && { MessageAttributes: showAttributes(attributes) }),
  })
}

/** The event that a function gets. Source: "Using AWS Lambda with Amazon SNS" (AWS Lambda Developer Guide). */
export function lambdaEvent(
  { endpointUrl }: Pick<EnvelopeDeps, 'endpointUrl'>,
  { Subject = undefined, SigningCertURL, ...notification }: SignedNotification,
  subscriptionArn: string,
  attributes: PublishedAttributes,
): string {
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscriptionArn,
        Sns: {
          ...notification,
          Subject: Subject ?? null,
          SigningCertUrl: SigningCertURL,
          UnsubscribeUrl: unsubscribeUrl(endpointUrl, subscriptionArn),
          MessageAttributes: showAttributes(attributes),
        },
      },
    ],
  })
}
