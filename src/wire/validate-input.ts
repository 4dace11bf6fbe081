import type { OperationModel, ServiceDescription, ServiceId } from '../model/service-description.ts'
import { validationMessage, type Wording } from '../model/validate.ts'
import { malformedXml } from './fault.ts'
import { ServiceError } from './service-error.ts'

/** The code under which each service reports what its model forbids. */
const CODES: Readonly<Record<Exclude<ServiceId, 's3'>, string>> = {
  sagemaker: 'ValidationException',
  'sagemaker-runtime': 'ValidationError',
  lambda: 'ValidationException',
  iam: 'ValidationError',
  sts: 'ValidationError',
  logs: 'InvalidParameterException',
  kms: 'ValidationException',
  ecr: 'InvalidParameterException',
  cloudwatch: 'ValidationError',
  'application-autoscaling': 'ValidationException',
  sns: 'ValidationError',
  sqs: 'InvalidParameterValue',
}

const LAMBDA: Wording = { elementsNotNull: true }
const USUAL: Wording = { elementsNotNull: false }

/** Throws the service's own error when the input breaks its shape. Streamed members are not looked at. */
export function validateInput(
  description: ServiceDescription,
  operation: OperationModel,
  input: Record<string, unknown>,
): void {
  if (operation.input === undefined) return
  const { id } = description
  if (id === 's3') return validateDocument(operation, input)
  if (id === 'sqs') requireParameters(operation, input)
  const message = validationMessage(operation.input, input, id === 'lambda' ? LAMBDA : USUAL)
  if (message !== undefined) throw new ServiceError(CODES[id], message)
}

/** SQS has an error of its own for what is missing. */
function requireParameters(operation: OperationModel, input: Record<string, unknown>): void {
  const missing = operation.input?.members.find(({ name, required }) => required && input[name] === undefined)
  if (missing !== undefined)
    throw new ServiceError('MissingParameter', `The request must contain the parameter ${missing.name}.`)
}

/**
 * S3 words its refusals one by one, which is its handlers' work; only a document that lacks what its schema demands is
 * answered alike everywhere.
 */
function validateDocument(operation: OperationModel, input: Record<string, unknown>): void {
  const payload = operation.input?.payload
  if (payload === undefined || payload.shape.type !== 'structure') return
  const value = input[payload.name]
  if (value === undefined ? payload.required : validationMessage(payload.shape, value, USUAL) !== undefined)
    throw malformedXml()
}
