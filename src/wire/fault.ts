import { ServiceError } from './service-error.ts'

/** The request's bytes cannot be read as the operation's input. Same code and status in all JSON protocols. */
export const serializationException = (message: string): ServiceError =>
  new ServiceError('SerializationException', message)

/** S3's answer to a body that is no XML, or not the XML it expects. */
export const malformedXml = (cause?: unknown): ServiceError =>
  new ServiceError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
    { cause },
  )

/** The query protocol's answer to a parameter that cannot be read. */
export const malformedInput = (message: string): ServiceError => new ServiceError('MalformedInput', message)
