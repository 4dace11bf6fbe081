import { describe, expect, it } from 'vitest'
import { evaluate } from './evaluate.ts'
import { remediesFor } from './remedies.ts'
import { ANN, AWAY, allow, applicable, deny, nothing, type Policies, requestOf, session } from './test-policies.ts'

const kindsFor = (request: ReturnType<typeof requestOf>, policies: Policies) => {
  const { remedies, obstacle } = remediesFor(request, applicable(policies))
  return [...remedies.map(({ policyType }) => policyType), ...(obstacle === undefined ? [] : [obstacle])]
}

describe('the remedies for a denial', () => {
  it('are every statement that is missing, one a kind of policy', () => {
    expect(kindsFor(requestOf({}), { identity: nothing })).toEqual(['identity'])
    expect(kindsFor(requestOf({ owner: AWAY }), {})).toEqual(['identity', 'resource'])
    expect(kindsFor(requestOf({ owner: AWAY }), { identity: [allow()] })).toEqual(['resource'])
    expect(kindsFor(requestOf({ who: session, owner: AWAY }), { boundary: nothing, session: nothing })).toEqual([
      'identity',
      'boundary',
      'session',
      'resource',
    ])
    expect(kindsFor(requestOf({ action: 'kms:Decrypt' }), { rule: 'key' })).toEqual(['resource'])
  })

  it('are none against a denial, also one that shows only later', () => {
    expect(kindsFor(requestOf({}), { identity: [allow(), deny()] })).toEqual(['denied'])
    expect(remediesFor(requestOf({}), applicable({ identity: [allow()] }))).toEqual({ remedies: [] })
  })

  it('are none where a resource of another account has no policies', () => {
    const policies = { ...applicable({ identity: [allow()] }), resource: undefined }
    expect(remediesFor(requestOf({ owner: AWAY }), policies)).toEqual({
      remedies: [],
      obstacle: 'no-resource-policies',
    })
  })

  it('allow the request when they are put where they belong', () => {
    const request = requestOf({ owner: AWAY, resource: 'arn:aws:s3:::data/a' })
    const { remedies } = remediesFor(request, applicable({}))
    const [identity, resource] = remedies.map(({ statement }) => statement)
    expect(resource).toMatchObject({ Principal: { AWS: ANN } })
    expect(evaluate(request, applicable({ identity: [identity!], resource: [resource!] })).allowed).toBe(true)
  })
})
