import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { testStores } from '../../support/databases.ts'
import { startEcr, type TestEcr } from '../../support/ecr-service.ts'
import { ACCOUNT, accountRoot, OTHER_ACCOUNT, refused } from '../../support/s3-service.ts'

const MISSING = {
  code: 'RepositoryNotFoundException',
  message: `The repository with name 'none' does not exist in the registry with id '${ACCOUNT}'`,
}
const OTHER = { principal: accountRoot(OTHER_ACCOUNT) }

describe.each(testStores)('repositories on $dialect', ({ create }) => {
  let ecr: TestEcr
  beforeEach(async () => {
    ecr = await startEcr(await create())
  })
  afterEach(() => ecr.stop())

  test('are created once, described and deleted', async () => {
    const expected = {
      repositoryArn: `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/team/model`,
      registryId: ACCOUNT,
      repositoryName: 'team/model',
      repositoryUri: `127.0.0.1:8770/${ACCOUNT}/us-east-1/team/model`,
      createdAt: ecr.now,
      imageTagMutability: 'MUTABLE',
      imageScanningConfiguration: { scanOnPush: true },
      encryptionConfiguration: { encryptionType: 'AES256' },
    }
    const input = { repositoryName: 'team/model', imageScanningConfiguration: { scanOnPush: true } }
    expect(await ecr.call('CreateRepository', input)).toEqual({ repository: expected })
    expect(await refused(ecr.call('CreateRepository', input))).toMatchObject({
      code: 'RepositoryAlreadyExistsException',
      message: `The repository with name 'team/model' already exists in the registry with id '${ACCOUNT}'`,
    })
    expect(await ecr.call('DescribeRepositories', {})).toEqual({ repositories: [expected] })
    expect(await ecr.call('DeleteRepository', { repositoryName: 'team/model' })).toEqual({ repository: expected })
    expect(await ecr.call('DescribeRepositories', {})).toEqual({ repositories: [] })
    expect(await refused(ecr.call('DeleteRepository', { repositoryName: 'none' }))).toMatchObject(MISSING)
    expect(await refused(ecr.call('DescribeRepositories', { repositoryNames: ['none'] }))).toMatchObject(MISSING)
  })

  test('belong to an account and a region', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'same' })
    await ecr.call('CreateRepository', { repositoryName: 'same' }, OTHER)
    await ecr.call('CreateRepository', { repositoryName: 'same' }, { region: 'eu-west-1' })
    expect((await ecr.call('DescribeRepositories', {})).repositories).toHaveLength(1)
    const { repositories } = await ecr.call('DescribeRepositories', {}, OTHER)
    expect(repositories).toMatchObject([{ repositoryUri: `127.0.0.1:8770/${OTHER_ACCOUNT}/us-east-1/same` }])
    for (const name of ['same', 'none']) {
      const call = ecr.call('DescribeImages', { registryId: ACCOUNT, repositoryName: name }, OTHER)
      expect(await refused(call)).toMatchObject({
        code: 'AccessDeniedException',
        message: `User: arn:aws:iam::${OTHER_ACCOUNT}:root is not authorized to perform: ecr:DescribeImages on resource: arn:aws:ecr:us-east-1:${ACCOUNT}:repository/${name} because no resource-based policy allows the ecr:DescribeImages action`,
      })
    }
  })

  test('are listed in pages by name', async () => {
    for (const name of ['b/b', 'aa', 'b-b', 'cc', 'b.b']) await ecr.call('CreateRepository', { repositoryName: name })
    const names: (string | undefined)[] = []
    let nextToken: string | undefined
    do {
      const page = await ecr.call('DescribeRepositories', { maxResults: 2, ...(nextToken && { nextToken }) })
      names.push(...(page.repositories ?? []).map((repository) => repository.repositoryName))
      nextToken = page.nextToken
    } while (nextToken !== undefined)
    expect(names).toEqual(['aa', 'b-b', 'b.b', 'b/b', 'cc'])
    expect(await refused(ecr.call('DescribeRepositories', { nextToken: 'nonsense' }))).toMatchObject({
      code: 'InvalidParameterException',
    })
  })

  test('with images are deleted by force only, and a namesake is empty', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'full' })
    await ecr.image('full', 'v1')
    expect(await refused(ecr.call('DeleteRepository', { repositoryName: 'full' }))).toMatchObject({
      code: 'RepositoryNotEmptyException',
      message: `The repository with name 'full' in registry with id '${ACCOUNT}' cannot be deleted because it still contains images`,
    })
    expect((await ecr.call('ListImages', { repositoryName: 'full' })).imageIds).toHaveLength(1)
    await ecr.call('DeleteRepository', { repositoryName: 'full', force: true })
    await ecr.call('CreateRepository', { repositoryName: 'full' })
    expect(await ecr.call('ListImages', { repositoryName: 'full' })).toEqual({ imageIds: [] })
  })

  test('keep a policy as it was put', async () => {
    await ecr.call('CreateRepository', { repositoryName: 'rr' })
    const names = { registryId: ACCOUNT, repositoryName: 'rr' }
    const missing = {
      code: 'RepositoryPolicyNotFoundException',
      message: `Repository policy does not exist for the repository with name 'rr' in the registry with id '${ACCOUNT}'`,
    }
    expect(await refused(ecr.call('GetRepositoryPolicy', { repositoryName: 'rr' }))).toMatchObject(missing)
    const policyText = `{ "Version": "2012-10-17", "Statement": { "Effect": "Allow", "Action": "ecr:*", "Principal": "*" } }`
    expect(await ecr.call('SetRepositoryPolicy', { repositoryName: 'rr', policyText })).toEqual({
      ...names,
      policyText,
    })
    expect(await ecr.call('GetRepositoryPolicy', { repositoryName: 'rr' })).toEqual({ ...names, policyText })
    for (const bad of ['', '[]', 'null', '{}', '{"Statement"']) {
      const call = ecr.call('SetRepositoryPolicy', { repositoryName: 'rr', policyText: bad })
      expect(await refused(call)).toMatchObject({ code: 'InvalidParameterException' })
    }
    expect(await ecr.call('DeleteRepositoryPolicy', { repositoryName: 'rr' })).toEqual({ ...names, policyText })
    expect(await refused(ecr.call('DeleteRepositoryPolicy', { repositoryName: 'rr' }))).toMatchObject(missing)
  })

  test('carry tags, 50 at most', async () => {
    const tags = [{ Key: 'team', Value: 'ml' }]
    await ecr.call('CreateRepository', { repositoryName: 'rr', tags })
    const resourceArn = `arn:aws:ecr:us-east-1:${ACCOUNT}:repository/rr`
    await Promise.all(
      ['a', 'b', 'c'].map((Key) => ecr.call('TagResource', { resourceArn, tags: [{ Key, Value: '1' }] })),
    )
    await ecr.call('UntagResource', { resourceArn, tagKeys: ['b', 'unknown'] })
    const found = (await ecr.call('ListTagsForResource', { resourceArn })).tags ?? []
    expect(new Map(found.map((tag) => [tag.Key, tag.Value]))).toEqual(
      new Map([
        ['team', 'ml'],
        ['a', '1'],
        ['c', '1'],
      ]),
    )
    const many = Array.from({ length: 48 }, (_, index) => ({ Key: `k${index}`, Value: '' }))
    const refusals = [
      [{ resourceArn, tags: many }, 'TooManyTagsException'],
      [{ resourceArn, tags: [{ Key: 'aws:x', Value: '' }] }, 'InvalidTagParameterException'],
      [{ resourceArn, tags: [...tags, ...tags] }, 'InvalidTagParameterException'],
      [{ resourceArn: 'arn:aws:s3:::b', tags }, 'InvalidParameterException'],
      [{ resourceArn: resourceArn.replace('us-east-1', 'eu-west-1'), tags }, 'InvalidParameterException'],
      [{ resourceArn: `${resourceArn}x`, tags }, 'RepositoryNotFoundException'],
      [{ resourceArn: resourceArn.replace(ACCOUNT, OTHER_ACCOUNT), tags }, 'AccessDeniedException'],
    ] as const
    for (const [input, code] of refusals) {
      expect(await refused(ecr.call('TagResource', { ...input, tags: [...input.tags] }))).toMatchObject({ code })
    }
  })

  test('refuse what is not implemented by name', async () => {
    for (const encryptionType of ['KMS', 'KMS_DSSE'] as const) {
      const call = ecr.call('CreateRepository', { repositoryName: 'rr', encryptionConfiguration: { encryptionType } })
      expect(await refused(call)).toMatchObject({ status: 501 })
    }
    expect(await ecr.call('DescribeRepositories', {})).toEqual({ repositories: [] })
  })

  test('say which tags may be moved', async () => {
    const filters = [
      { filterType: 'WILDCARD' as const, filter: 'latest' },
      { filterType: 'WILDCARD' as const, filter: 'dev-*' },
    ]
    await ecr.call('CreateRepository', { repositoryName: 'rr', imageTagMutability: 'IMMUTABLE' })
    const first = await ecr.image('rr', 'v1')
    expect(await ecr.image('rr', 'v1')).toBe(first)
    await expect(ecr.image('rr', 'v1', ['other'])).rejects.toThrow(
      "The image tag 'v1' already exists in the 'rr' repository and cannot be overwritten because the tag is immutable.",
    )
    const columns = { repositoryName: 'rr', imageTagMutability: 'IMMUTABLE_WITH_EXCLUSION' as const }
    expect(await refused(ecr.call('PutImageTagMutability', columns))).toMatchObject({
      code: 'InvalidParameterException',
    })
    await ecr.call('PutImageTagMutability', { ...columns, imageTagMutabilityExclusionFilters: filters })
    for (const tag of ['latest', 'dev-7', 'v2']) await ecr.image('rr', tag)
    await ecr.image('rr', 'latest', ['other'])
    await ecr.image('rr', 'dev-7', ['other'])
    await expect(ecr.image('rr', 'v2', ['other'])).rejects.toThrow('TAG_INVALID')
    await ecr.call('PutImageTagMutability', { repositoryName: 'rr', imageTagMutability: 'MUTABLE' })
    await ecr.image('rr', 'v2', ['other'])
    // What was refused has left nothing: only the two images that were accepted are there.
    expect((await ecr.call('DescribeImages', { repositoryName: 'rr' })).imageDetails).toHaveLength(2)
  })
})
