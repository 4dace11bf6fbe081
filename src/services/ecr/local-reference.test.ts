import { expect, test } from 'vitest'
import { localReference } from './local-reference.ts'

const registry = { authority: '127.0.0.1:8770', aliases: new Set(['localhost:8770', 'models.example.com']) }
const DIGEST = `sha256:${'a'.repeat(64)}`
const HERE = '127.0.0.1:8770/123456789012/us-east-1/team/model'

test.each([
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com/team/model', `${HERE}:latest`],
  ['123456789012.dkr.ecr.us-east-1.amazonaws.com/team/model:v1', `${HERE}:v1`],
  [`123456789012.dkr.ecr.us-east-1.amazonaws.com/team/model:v1@${DIGEST}`, `${HERE}@${DIGEST}`],
  ['123456789012.dkr.ecr.us-east-1.localhost:8770/team/model:v1', `${HERE}:v1`],
  ['123456789012.dkr.ecr.us-east-1.models.example.com/team/model:v1', `${HERE}:v1`],
  [`${HERE}:v1`, `${HERE}:v1`],
  [`localhost:8770/123456789012/us-east-1/team/model@${DIGEST}`, `${HERE}@${DIGEST}`],
  ['models.example.com/123456789012/us-east-1/team/model', `${HERE}:latest`],
])('%s is here', (image, reference) => {
  const repository = { account: '123456789012', region: 'us-east-1', name: 'team/model' }
  expect(localReference(image, registry)).toEqual({ repository, reference })
})

test.each([
  'alpine',
  'docker.io/123456789012/us-east-1/team',
  'localhost:8771/123456789012/us-east-1/team/model',
  '127.0.0.1:8770/team/model',
  '123456789012.dkr.ecr.us-east-1.evil.com/team/model',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com/team/model',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com:8443/team/model',
  '123456789012.dkr.ecr.us-east-1.amazonaws.com/Team',
  'not a reference',
  '',
])('%s is elsewhere', (image) => {
  expect(localReference(image, registry)).toBeUndefined()
})
