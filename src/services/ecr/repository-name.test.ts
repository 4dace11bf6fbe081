import { expect, test } from 'vitest'
import { ecrHost, isRepositoryName, repositoryOfArn, repositoryOfPath, repositoryUri } from './repository-name.ts'

const REPOSITORY = { account: '123456789012', region: 'eu-west-1', name: 'team/model' }

test('a repositoryUri leads back to its repository', () => {
  const uri = repositoryUri('127.0.0.1:8770', REPOSITORY)
  expect(uri).toBe('127.0.0.1:8770/123456789012/eu-west-1/team/model')
  expect(repositoryOfPath('127.0.0.1:8770', uri.slice(uri.indexOf('/') + 1))).toEqual(REPOSITORY)
})

test.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'team/model', REPOSITORY],
  ['123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com', 'team/model', REPOSITORY],
  ['123456789012.dkr.ecr.eu-west-1.localhost:8770', 'team/model', REPOSITORY],
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'Team', undefined],
  ['localhost:8770', '123456789012/eu-west-1/team/model', REPOSITORY],
  ['localhost:8770', 'team/model', undefined],
  ['localhost:8770', '123456789012/eu-west-1', undefined],
  ['localhost:8770', '123456789012/eu-west-1/', undefined],
  ['localhost:8770', '123456789012/EU-WEST-1/team', undefined],
  ['localhost:8770', '12345678901/eu-west-1/team', undefined],
  ['localhost:8770', '123456789012/eu-west-1/../team', undefined],
  ['evil-123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'team/model', undefined],
])('%s/%s', (host, path, expected) => {
  expect(repositoryOfPath(host, path)).toEqual(expected)
})

test('what no ECR host is', () => {
  for (const host of [
    '',
    '127.0.0.1',
    'dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1',
    'x'.repeat(500),
  ])
    expect(ecrHost(host)).toBeUndefined()
})

test.each([
  ['a', false],
  ['aa', true],
  ['a-b_c.d/e', true],
  ['a--b', false],
  ['a/', false],
  ['/aa', false],
  ['-aa', false],
  ['AA', false],
  ['a'.repeat(256), true],
  ['a'.repeat(257), false],
])('the name %s', (name, expected) => {
  expect(isRepositoryName(name)).toBe(expected)
})

test('the repository of an ARN', () => {
  expect(repositoryOfArn('arn:aws:ecr:eu-west-1:123456789012:repository/team/model')).toEqual(REPOSITORY)
  for (const arn of [
    'arn:aws:s3:::b',
    'arn:aws:ecr:eu-west-1:123456789012:registry/x',
    'arn:aws:ecr:r:1:repository/X',
    '',
  ])
    expect(repositoryOfArn(arn)).toBeUndefined()
})
