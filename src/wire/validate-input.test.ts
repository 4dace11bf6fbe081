import { describe, expect, it } from 'vitest'
import { loadService, type ServiceId } from '../model/service-description.ts'
import { validateInput } from './validate-input.ts'

function validate(id: ServiceId, name: string, input: Record<string, unknown>): void {
  const description = loadService(id)
  validateInput(description, description.operations.get(name)!, input)
}

describe('each service has its own code for a broken input', () => {
  it.each<[ServiceId, string, Record<string, unknown>, string]>([
    ['sagemaker', 'DescribeModel', {}, 'ValidationException'],
    ['sagemaker-runtime', 'InvokeEndpoint', { EndpointName: '_' }, 'ValidationError'],
    ['lambda', 'GetFunction', { FunctionName: 'a b' }, 'ValidationException'],
    ['iam', 'GetRole', { RoleName: 'a b' }, 'ValidationError'],
    ['sts', 'AssumeRole', {}, 'ValidationError'],
    ['logs', 'CreateLogGroup', { logGroupName: 'a b' }, 'InvalidParameterException'],
  ])('%s', (id, name, input, code) => {
    expect(() => validate(id, name, input)).toThrowError(
      expect.objectContaining({
        code,
        status: 400,
        message: expect.stringMatching(/^\d+ validation errors? detected: /),
      }),
    )
  })

  it('s3 refuses the document', () => {
    const malformed = expect.objectContaining({ code: 'MalformedXML' })
    expect(() => validate('s3', 'DeleteObjects', { Bucket: 'b' })).toThrowError(malformed)
    expect(() => validate('s3', 'DeleteObjects', { Bucket: 'b', Delete: { Objects: [{}] } })).toThrowError(malformed)
    expect(() => validate('s3', 'DeleteObjects', { Bucket: 'b', Delete: { Objects: [{ Key: 'k' }] } })).not.toThrow()
    expect(() => validate('s3', 'CreateBucket', { Bucket: 'b' })).not.toThrow()
  })

  it('passes a stream unseen', () => {
    expect(() => validate('sagemaker-runtime', 'InvokeEndpoint', { EndpointName: 'e', Body: {} })).not.toThrow()
  })
})
