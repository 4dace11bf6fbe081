import { describe, expect, it } from 'vitest'
import { checkPolicyDocument, documentSize } from './policy-document.ts'

const SYNTAX = /^Syntax error(?:s in policy\.| at position \(1,\d+\))$/
const allow = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }
const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'sagemaker.amazonaws.com' } }
const of = (...statements: unknown[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements })

describe('a policy of a user or role', () => {
  it('is accepted', () => {
    for (const text of [
      of(allow),
      JSON.stringify({ Version: '2012-10-17', Id: 'x', Statement: allow }),
      of({ ...allow, Sid: 'One' }, { ...allow, Sid: 'Two', Effect: 'Deny' }),
      of({ Effect: 'Allow', NotAction: ['iam:*'], NotResource: ['arn:aws:s3:::b/*'] }),
      of({ ...allow, Condition: { Bool: { 'aws:SecureTransport': true }, NumericLessThan: { 'x:y': [1, 2] } } }),
    ]) {
      expect(checkPolicyDocument(text, 'identity'), text).toBeUndefined()
    }
  })

  it.each([
    ['', SYNTAX],
    ['null', SYNTAX],
    ['[]', SYNTAX],
    ['"text"', SYNTAX],
    ['{"Version":"2012-10-17","Statement":[', SYNTAX],
    ['['.repeat(50_000), SYNTAX],
    [JSON.stringify({ Statement: [allow] }), 'Policy document must be version 2012-10-17 or greater.'],
    [JSON.stringify({ Version: '2012-10-17' }), SYNTAX],
    [JSON.stringify({ Version: '2012-10-17', Statement: [allow], More: 1 }), SYNTAX],
    [of(), SYNTAX],
    [of('x'), SYNTAX],
    [of({ ...allow, Actions: 'x' }), SYNTAX],
    [of({ ...allow, NotAction: 's3:*' }), SYNTAX],
    [of({ ...allow, Action: [1] }), SYNTAX],
    [of({ ...allow, Condition: [] }), SYNTAX],
    [of({ ...allow, Condition: { Bool: { a: {} } } }), SYNTAX],
    [of({ Action: 's3:*', Resource: '*' }), 'Missing required field Effect cannot be empty!'],
    [of({ ...allow, Effect: 'Maybe' }), 'Invalid effect: Maybe'],
    [of({ Effect: 'Allow', Resource: '*' }), 'Policy statement must contain actions.'],
    [of({ Effect: 'Allow', Action: 's3:*' }), 'Policy statement must contain resources.'],
    [
      of({ ...allow, Action: 'GetObject' }),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [of({ ...allow, Action: 's3:Get Object' }), 'The policy failed legacy parsing'],
    [of({ ...allow, Resource: 'bucket' }), 'Resource bucket must be in ARN format or "*".'],
    [of({ ...allow, Principal: '*' }), 'Policy document should not specify a principal.'],
    [of({ ...allow, Sid: 'A' }, { ...allow, Sid: 'A' }), 'Statement IDs (SID) in a single policy must be unique.'],
    [
      of({ ...allow, Sid: 'no spaces' }),
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
  ])('is refused: %.60s', (text, message) => {
    expect(checkPolicyDocument(text, 'identity')).toMatch(message)
  })
})

describe('a trust policy', () => {
  it('is accepted', () => {
    for (const principal of [
      '*',
      { Service: ['sagemaker.amazonaws.com', 'lambda.amazonaws.com'] },
      { AWS: ['123456789012', 'arn:aws:iam::123456789012:root', 'arn:aws:iam::123456789012:role/a/b', '*'] },
      { Federated: 'cognito-identity.amazonaws.com' },
    ]) {
      expect(checkPolicyDocument(of({ ...trust, Principal: principal }), 'trust')).toBeUndefined()
    }
    expect(checkPolicyDocument(JSON.stringify({ Version: '2008-10-17', Statement: trust }), 'trust')).toBeUndefined()
  })

  it.each([
    ['{', 'This policy contains invalid Json'],
    [of({ ...trust, Resource: '*' }), 'Has prohibited field Resource'],
    [of({ Effect: 'Allow', Action: 'sts:AssumeRole' }), 'Missing required field Principal cannot be empty!'],
    [of({ ...trust, Action: 's3:GetObject' }), 'AssumeRole policy may only specify STS AssumeRole actions.'],
    [of({ ...trust, Principal: { AWS: 'ann' } }), 'Invalid principal in policy: "AWS":"ann"'],
    [of({ ...trust, Principal: { Service: 'sagemaker' } }), 'Invalid principal in policy: "SERVICE":"sagemaker"'],
    [of({ ...trust, Principal: {} }), SYNTAX],
  ])('is refused: %.60s', (text, message) => {
    expect(checkPolicyDocument(text, 'trust')).toMatch(message)
  })
})

it('counts a document without its white space', () => {
  expect(documentSize('{ "a": \n\t"b" }')).toBe(9)
})
