import { describe, expect, it } from 'vitest'
import { loadService, type ServiceId, type Shape } from './service-description.ts'
import { validationMessage } from './validate.ts'

const sagemaker = loadService('sagemaker')
const inputOf = (id: ServiceId, operation: string): Shape => loadService(id).operations.get(operation)?.input as Shape
const check = (operation: string, input: object) =>
  validationMessage(inputOf('sagemaker', operation), input, { elementsNotNull: false })

const ROLE = 'arn:aws:iam::123456789012:role/R'
const NAME_PATTERN = '[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}'
const variant = {
  VariantName: 'v',
  ModelName: 'm',
  InstanceType: 'ml.m5.large',
  InitialInstanceCount: 1,
}

describe('validation', () => {
  it('has nothing to say of a good input', () => {
    expect(
      check('CreateModel', { ModelName: 'm', ExecutionRoleArn: ROLE, PrimaryContainer: { Image: 'a/b:c' } }),
    ).toBeUndefined()
  })

  it('words a missing member, and counts one in the singular', () => {
    expect(check('CreateEndpoint', { EndpointName: 'e' })).toBe(
      "1 validation error detected: Value null at 'endpointConfigName' failed to satisfy constraint: Member must not be null",
    )
  })

  it('lists several faults in the published order, whatever the order of the request', () => {
    expect(check('CreateEndpoint', { EndpointConfigName: '-', EndpointName: '_' })).toBe(
      `2 validation errors detected: Value '_' at 'endpointName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${NAME_PATTERN}; ` +
        `Value '-' at 'endpointConfigName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${NAME_PATTERN}`,
    )
  })

  it('words a text that is too long, and does not try its pattern', () => {
    expect(check('DescribeEndpoint', { EndpointName: '!'.repeat(64) })).toBe(
      `1 validation error detected: Value '${'!'.repeat(64)}' at 'endpointName' failed to satisfy constraint: Member must have length less than or equal to 63`,
    )
  })

  it('numbers the elements of a list from 1', () => {
    const bad = { ...variant, InstanceType: 'ml.big' }
    expect(check('CreateEndpointConfig', { EndpointConfigName: 'c', ProductionVariants: [variant, bad] })).toMatch(
      /^1 validation error detected: Value 'ml\.big' at 'productionVariants\.2\.member\.instanceType' failed to satisfy constraint: Member must satisfy enum value set: \[ml\.[a-z0-9.]+, /,
    )
  })

  it('words a list that is too short', () => {
    expect(check('CreateEndpointConfig', { EndpointConfigName: 'c', ProductionVariants: [] })).toBe(
      "1 validation error detected: Value '[]' at 'productionVariants' failed to satisfy constraint: Member must have length greater than or equal to 1",
    )
  })

  it('words a number out of range', () => {
    expect(check('ListModels', { MaxResults: 101 })).toBe(
      "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 100",
    )
    expect(check('ListModels', { MaxResults: 0 })).toBe(
      "1 validation error detected: Value '0' at 'maxResults' failed to satisfy constraint: Member must have value greater than or equal to 1",
    )
  })

  it('shows a list of texts whole, with all that its elements must satisfy', () => {
    const input = {
      ModelName: 'm',
      ExecutionRoleArn: ROLE,
      VpcConfig: { SecurityGroupIds: ['sg_1', 'sg-2'], Subnets: ['s'] },
    }
    expect(check('CreateModel', input)).toBe(
      "1 validation error detected: Value '[sg_1, sg-2]' at 'vpcConfig.securityGroupIds' failed to satisfy constraint: Member must satisfy constraint: " +
        '[Member must have length less than or equal to 32, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [-0-9a-zA-Z]+]',
    )
  })

  it("adds Lambda's own constraint on a list's elements", () => {
    const message = validationMessage(
      inputOf('lambda', 'CreateFunction'),
      { FunctionName: 'f', Role: ROLE, Code: {}, Architectures: ['sparc'] },
      { elementsNotNull: true },
    )
    expect(message).toBe(
      "1 validation error detected: Value '[sparc]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]",
    )
  })

  it('refuses a null among the elements', () => {
    expect(
      check('DeleteTags', { ResourceArn: 'arn:aws:sagemaker:us-east-1:123456789012:model/m', TagKeys: ['a', null] }),
    ).toBe(
      "1 validation error detected: Value null at 'tagKeys.2.member' failed to satisfy constraint: Member must not be null",
    )
  })

  it('words keys and values of a map, and echoes no values', () => {
    const environment = { 'not a name': 'x', KEY: 'secret'.repeat(200) }
    const message = check('CreateModel', { ModelName: 'm', PrimaryContainer: { Environment: environment } })
    expect(message).toBe(
      "2 validation errors detected: Value '{not a name=..., KEY=...}' at 'primaryContainer.environment' failed to satisfy constraint: " +
        'Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [a-zA-Z_][a-zA-Z0-9_]*]; ' +
        "Value '{not a name=..., KEY=...}' at 'primaryContainer.environment' failed to satisfy constraint: " +
        'Map value must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: [\\S\\s]*]',
    )
  })

  it('never shows what the model calls sensitive', () => {
    const message = validationMessage(
      inputOf('lambda', 'CreateFunction'),
      { FunctionName: 'f', Role: ROLE, Code: {}, Environment: { Variables: { '1bad': 'hunter2' } } },
      { elementsNotNull: true },
    )
    expect(message).toContain(
      "Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint:",
    )
    expect(message).not.toContain('hunter2')
    expect(message).not.toContain('1bad')
  })

  it('counts characters, not their halves', () => {
    const shape = { ...(sagemaker.shapes.get('TagValue') as Shape), max: 2, pattern: undefined }
    const holder = { ...inputOf('sagemaker', 'DeleteModel') }
    const member = { ...holder.members[0]!, shape }
    const message = (text: string) =>
      validationMessage({ ...holder, members: [member] }, { ModelName: text }, { elementsNotNull: false })
    expect(message('😀😀')).toBeUndefined()
    expect(message('😀😀😀')).toContain('length less than or equal to 2')
  })

  it('keeps its answer small, however large the request', () => {
    const tags = Array.from({ length: 50 }, (_, index) => ({
      Key: '#'.repeat(100),
      Value: `${'#'.repeat(1_000_000)}${index}`,
    }))
    const resource = 'arn:aws:sagemaker:us-east-1:123456789012:model/m'
    const message = check('AddTags', { ResourceArn: resource, Tags: tags }) as string
    expect(message.startsWith('100 validation errors detected: ')).toBe(true)
    expect(message.length).toBeLessThan(200_000)
  })
})
