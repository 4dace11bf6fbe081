import { describe, expect, it } from 'vitest'
import { findService, type RequestTraits } from './find-service.ts'

const traits = (change: Partial<RequestTraits>): RequestTraits => ({
  method: 'GET',
  path: '/',
  query: '',
  headers: { host: '127.0.0.1:8770' },
  signedService: undefined,
  ...change,
})
const FORM = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }

describe('findService', () => {
  it.each([
    ['a signature for SageMaker', { signedService: 'sagemaker' }, 'sagemaker'],
    ['the link that confirms a subscription', { query: 'Action=ConfirmSubscription&TopicArn=t&Token=x' }, 'sns'],
    ['a queue', { signedService: 'sqs', path: '/123456789012/jobs', method: 'POST' }, 'sqs'],
    ['the target of SQS', { method: 'POST', headers: { 'x-amz-target': 'AmazonSQS.SendMessage' } }, 'sqs'],
    ['one for an endpoint', { signedService: 'sagemaker', path: '/endpoints/e/invocations' }, 'sagemaker-runtime'],
    [
      'one for an object that is called like an endpoint',
      { signedService: 's3', path: '/endpoints/e/invocations' },
      's3',
    ],
    ['one against the target', { signedService: 'logs', headers: { 'x-amz-target': 'SageMaker.ListModels' } }, 'logs'],
    ['a target', { method: 'POST', headers: { 'x-amz-target': 'SageMaker.ListModels' } }, 'sagemaker'],
    ['another target', { method: 'POST', headers: { 'x-amz-target': 'Logs_20140328.PutLogEvents' } }, 'logs'],
    ['a signature for monitoring', { signedService: 'monitoring' }, 'cloudwatch'],
    [
      'its target',
      { method: 'POST', headers: { 'x-amz-target': 'GraniteServiceVersion20100801.ListMetrics' } },
      'cloudwatch',
    ],
    ['its host', { headers: { host: 'monitoring.eu-west-1.amazonaws.com' } }, 'cloudwatch'],
    ['a host', { headers: { host: 'runtime.sagemaker.us-east-1.amazonaws.com' } }, 'sagemaker-runtime'],
    ['another host', { headers: { host: 'iam.amazonaws.com' } }, 'iam'],
    ['the path of an endpoint', { method: 'POST', path: '/endpoints/e/async-invocations' }, 'sagemaker-runtime'],
    ['the path of a function', { path: '/2015-03-31/functions/f' }, 'lambda'],
    ['the path of all functions', { path: '/2015-03-31/functions' }, 'lambda'],
    ['a form', { method: 'POST', headers: FORM }, 'sts'],
    ['a bucket that begins like a function', { path: '/2015-03-31/functionsandmore' }, 's3'],
    ['nothing', {}, 's3'],
  ])('by %s', (_name, change, id) => {
    expect(findService(traits(change))).toEqual({ id })
  })

  it.each([
    [{ signedService: 'ses' }, 'ses'],
    [{ signedService: 'constructor' }, 'constructor'],
    [{ headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' } }, 'DynamoDB_20120810'],
    [{ headers: { 'x-amz-target': '__proto__.x' } }, '__proto__'],
    [{ headers: { 'x-amz-target': '.' } }, '.'],
    [{ headers: { 'x-amz-target': 'ListTables' } }, 'ListTables'],
  ])('names the one that is unknown: %j', (change, unknown) => {
    expect(findService(traits(change))).toEqual({ unknown })
  })
})
