import { describe, expect, it } from 'vitest'
import type { ContainerDefinition, CreateModelInput } from '../../../model/generated/sagemaker.ts'
import { containerEntries, type PackageContainers, resolveContainers } from './model-containers.ts'

const image = { Image: 'iris:1' }
const entriesOf = (input: Partial<CreateModelInput>) => containerEntries({ ModelName: 'm', ...input })

describe('containerEntries', () => {
  it.each([
    [{}, 'Either PrimaryContainer or Containers'],
    [{ Containers: [] }, 'Either PrimaryContainer or Containers'],
    [{ PrimaryContainer: image, Containers: [image] }, 'cannot be specified in the same request'],
  ])('refuses %j', (input, message) => {
    expect(() => entriesOf(input)).toThrow(message)
  })

  it('takes either', () => {
    expect(entriesOf({ PrimaryContainer: image })).toEqual([image])
    expect(entriesOf({ PrimaryContainer: image, Containers: [] })).toEqual([image])
    expect(entriesOf({ Containers: [image, image] })).toHaveLength(2)
  })
})

describe('resolveContainers', () => {
  const resolve = (entries: readonly ContainerDefinition[], source?: PackageContainers) =>
    resolveContainers(entries, new Map(source === undefined ? [] : entries.map((entry) => [entry, source])))
  const source = (count: number, more = {}): PackageContainers => ({
    arn: 'arn',
    versioned: true,
    containers: Array.from({ length: count }, () => ({ ...image, ...more })),
  })

  it('lays the environment over every container of a package', () => {
    const resolved = resolve(
      [{ ModelPackageName: 'p', Environment: { B: '2' } }],
      source(2, { Environment: { A: '1', B: '1' } }),
    )
    expect(resolved.map(({ environment }) => environment)).toEqual([
      { A: '1', B: '2' },
      { A: '1', B: '2' },
    ])
  })

  it('pins a package’s image to its digest', () => {
    const [one] = resolve([{ ModelPackageName: 'p' }], source(1, { ImageDigest: `SHA256:${'A'.repeat(64)}` }))
    expect(one?.imageDigest).toBe(`sha256:${'a'.repeat(64)}`)
  })

  it.each<[string, readonly ContainerDefinition[], PackageContainers | undefined, string]>([
    ['16 containers', [{ ModelPackageName: 'p' }, { ModelPackageName: 'p' }], source(8), 'would have 16 containers'],
    ['some hostnames', [{ ...image, ContainerHostname: 'a' }, image], undefined, 'specified for all containers'],
    [
      'equal hostnames',
      [
        { ...image, ContainerHostname: 'a' },
        { ...image, ContainerHostname: 'A' },
      ],
      undefined,
      'must be unique',
    ],
    ['no image', [{ ModelPackageName: 'p' }], source(1, { Image: undefined }), 'has a container without an Image'],
    [
      'an environment on an unversioned package',
      [{ ModelPackageName: 'p', Environment: { A: '1' } }],
      { ...source(1), versioned: false },
      'when using non-versioned ModelPackages',
    ],
    [
      'an environment on a product',
      [{ ModelPackageName: 'p', Environment: { A: '1' } }],
      source(1, { ProductId: 'x' }),
      'subscribed from AWS Marketplace',
    ],
    [
      'too large an environment',
      [
        {
          ...image,
          Environment: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`K${index}`, 'x'.repeat(1024)])),
        },
      ],
      undefined,
      'more than 32768 bytes',
    ],
    [
      'too large an environment once laid over',
      [
        {
          ModelPackageName: 'p',
          Environment: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`A${index}`, ''])),
        },
      ],
      source(1, { Environment: Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`B${index}`, ''])) }),
      'more than 100 entries',
    ],
  ])('refuses %s', (_, entries, packages, message) => {
    expect(() => resolve(entries, packages)).toThrow(message)
  })
})
