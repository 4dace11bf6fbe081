import { expect, it } from 'vitest'
import { anonymousPrincipal, servicePrincipal } from '../principals.ts'
import { NOT_ALLOWED_BY, type PolicyType } from './decision.ts'
import { deniedMessage } from './denied-message.ts'
import { ann, session } from './test-policies.ts'

const resource = 'arn:aws:sagemaker:eu-west-1:111122223333:model/m'
const action = 'sagemaker:DescribeModel'
const about = { principal: ann, action, resource }
const start = `User: arn:aws:iam::111122223333:user/ann is not authorized to perform: ${action} on resource: ${resource}`

it.each([
  ['identity', 'because no identity-based policy allows', 'with an explicit deny in an identity-based policy'],
  ['resource', 'because no resource-based policy allows', 'with an explicit deny in a resource-based policy'],
  ['boundary', 'because no permissions boundary allows', 'with an explicit deny in a permissions boundary'],
  ['session', 'because no session policy allows', 'with an explicit deny in a session policy'],
  ['trust', 'because no role trust policy allows', 'with an explicit deny in the role trust policy'],
] as const satisfies readonly (readonly [PolicyType, string, string])[])(
  'says it as AWS does: %s',
  (type, none, denies) => {
    expect(deniedMessage(about, NOT_ALLOWED_BY[type])).toBe(`${start} ${none} the ${action} action`)
    expect(deniedMessage(about, { ...NOT_ALLOWED_BY[type], explicit: true })).toBe(`${start} ${denies}`)
  },
)

it('names who acts', () => {
  const said = (principal: typeof ann) =>
    deniedMessage({ ...about, principal }, NOT_ALLOWED_BY.resource).split(' is not')[0]
  expect(said(session)).toBe('User: arn:aws:sts::111122223333:assumed-role/dev/job')
  expect(said(servicePrincipal('sagemaker.amazonaws.com'))).toBe('User: sagemaker.amazonaws.com')
  expect(said(anonymousPrincipal)).toBe('User: anonymous')
})

it('quotes the resources of S3, and names none where it is about no bucket', () => {
  const said = (name: string, what: string) =>
    deniedMessage({ principal: ann, action: name, resource: what }, NOT_ALLOWED_BY.identity)
  expect(said('s3:GetObject', 'arn:aws:s3:::data/a b')).toBe(
    'User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::data/a b" because no identity-based policy allows the s3:GetObject action',
  )
  expect(said('s3:ListAllMyBuckets', 'arn:aws:s3:::*')).toBe(
    'User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:ListAllMyBuckets because no identity-based policy allows the s3:ListAllMyBuckets action',
  )
})
