import { describe, expect, it } from 'vitest'
import { RegistryError, type RegistryErrorReason } from '../../../registries/registry-error.ts'
import { RuntimeError, type RuntimeErrorReason } from '../../../runtime/container-runtime.ts'
import { credentialsNotRetrieved, imageNotPulled, imageNotResolved, pingFailed, withDenial } from './failure-reason.ts'

const IMAGE = 'reg.example.com/team/model:1'
const UNAVAILABLE =
  'The primary container for production variant v could not be started. Please make sure all images included in the model for the production variant v exist, and that the execution role used to create the model has permissions to access them.'

describe('an image that is not resolved', () => {
  it.each<readonly [RegistryErrorReason, string]>([
    ['unreachable', 'Unable to reach the registry reg.example.com for image'],
    ['unknown-host', 'Unable to reach the registry reg.example.com for image'],
    ['rate-limited', 'Unable to reach the registry reg.example.com for image'],
    ['server-error', 'Unable to reach the registry reg.example.com for image'],
    ['untrusted-certificate', `The registry reg.example.com of image ${IMAGE} is not trusted.`],
    ['plain-http', `The registry reg.example.com of image ${IMAGE} is not trusted.`],
    ['unauthorized', 'Authentication failed for reg.example.com:'],
    ['denied', 'Authentication failed for reg.example.com:'],
    ['not-found', UNAVAILABLE],
    ['wrong-architecture', UNAVAILABLE],
    ['digest-mismatch', UNAVAILABLE],
  ])('%s', (reason, begin) => {
    const text = imageNotResolved('v', IMAGE, 'function', new RegistryError(reason, 'reg.example.com', 'The detail.'))
    expect(text.startsWith(begin)).toBe(true)
    expect(text).toContain('The detail.')
    expect(text).toContain(IMAGE)
  })

  it.each([
    ['function', 'RepositoryCredentialsProviderArn'],
    ['configuration', "server's configuration names"],
    ['nowhere', 'ImageConfig.RepositoryAuthConfig'],
  ] as const)('says where the login came from: %s', (login, advice) => {
    const message = 'Authentication failed for h: wrong user name or password.'
    const text = imageNotResolved('v', IMAGE, login, new RegistryError('unauthorized', 'h', message))
    expect(text.startsWith(message)).toBe(true)
    expect(text).toContain(advice)
  })

  it('has the service’s own sentence for a manifest that cannot be used', () => {
    const error = new RegistryError(
      'unsupported-manifest',
      'h',
      `Unsupported manifest media type x/y for image ${IMAGE}.`,
    )
    expect(imageNotResolved('v', IMAGE, 'function', error)).toBe(
      `Unsupported manifest media type x/y for image ${IMAGE}. Ensure that valid manifest media type is used for specified image.`,
    )
  })
})

it.each<readonly [RuntimeErrorReason, RegExp]>([
  ['unauthorized', /^Authentication failed while pulling image/],
  ['registry-unreachable', /^The container engine could not reach the registry of image/],
  ['untrusted-certificate', /^The container engine could not reach the registry of image/],
  ['no-space', /^There is no space left on the machine for image/],
  ['corrupt-image', /^The primary container for production variant v could not be started/],
])('an image that is not pulled: %s', (reason, expected) => {
  const text = imageNotPulled('v', IMAGE, new RuntimeError(reason, 'The detail.'))
  expect(text).toMatch(expected)
  expect(text).toContain('The detail.')
})

it('fits what the API shows', () => {
  expect(pingFailed('v', 'x'.repeat(5_000))).toHaveLength(1024)
  expect(credentialsNotRetrieved('arn', 'short')).toBe(
    'ClientError: Failed to retrieve registry credentials from arn: short',
  )
})

describe('a refusal', () => {
  const refused = (message: string) => Object.assign(new Error(message), { denialId: 'the-id' })

  it('ends with how to ask why, also when it was wrapped on its way', () => {
    const error = new Error('User: a is not authorized.', { cause: refused('elsewhere') })
    expect(withDenial('Could not start.', error)).toBe(
      'Could not start. User: a is not authorized. To see why: slipway explain the-id',
    )
    expect(withDenial('Could not start.', new Error('No.'))).toBe('Could not start. No.')
  })

  it.each([
    [5_000, 10],
    [10, 5_000],
    [5_000, 5_000],
    [0, 5_000],
    [1_024, 900],
  ])('fits with a beginning of %i and words of %i characters', (start, said) => {
    const text = withDenial('s'.repeat(start), refused('w'.repeat(said)))
    expect(text.length).toBeLessThanOrEqual(1024)
    expect(text).toMatch(/w.* To see why: slipway explain the-id$/)
    if (start > 0) expect(text).toMatch(/^s{10}/)
  })
})
