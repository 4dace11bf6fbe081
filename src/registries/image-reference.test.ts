import { describe, expect, it } from 'vitest'
import { apiHost, formatWithDigest, isEcrHost, manifestReference, parseImageReference } from './image-reference.ts'

const digest = `sha256:${'a1'.repeat(32)}`

describe('parseImageReference', () => {
  it.each([
    ['nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['nginx:1.27', 'docker.io', 'library/nginx', '1.27', undefined],
    ['team/model', 'docker.io', 'team/model', undefined, undefined],
    ['docker.io/nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['index.docker.io/team/model:1', 'docker.io', 'team/model', '1', undefined],
    ['registry-1.docker.io/library/nginx', 'docker.io', 'library/nginx', undefined, undefined],
    ['localhost/model', 'localhost', 'model', undefined, undefined],
    ['localhost:5000/model:1', 'localhost:5000', 'model', '1', undefined],
    ['127.0.0.1:5000/a/b/c:1', '127.0.0.1:5000', 'a/b/c', '1', undefined],
    ['[::1]:5000/model', '[::1]:5000', 'model', undefined, undefined],
    ['Registry.Example.com/team/model', 'registry.example.com', 'team/model', undefined, undefined],
    [`myteam.myorg.com/docker-local/image@${digest}`, 'myteam.myorg.com', 'docker-local/image', undefined, digest],
    [`r.io:443/x__y/z---w:tag@${digest}`, 'r.io:443', 'x__y/z---w', 'tag', digest],
  ])('reads %s', (text, host, repository, tag, pinned) => {
    expect(parseImageReference(text)).toEqual({ host, repository, tag, digest: pinned })
  })

  it.each([
    '',
    ' nginx',
    'a b',
    'nginx\n',
    'Nginx',
    'r.io/Team/model',
    'r.io/',
    'r.io//model',
    '/model',
    'model/',
    'r.io/a..b',
    'r.io/-a',
    'r.io/../model',
    'r.io:0/model',
    'r.io:65536/model',
    'r.io:port/model',
    'r.io:5000:1/model',
    '-r.io/model',
    'user@r.io/model',
    'user:pw@r.io/model',
    'https://r.io/model',
    '[::1/model',
    '[zz]/model',
    '[::1:::]/model',
    'nginx:',
    'nginx:-1',
    `nginx:${'x'.repeat(129)}`,
    'nginx@',
    'nginx@sha256:abc',
    `nginx@sha256:${'A1'.repeat(32)}`,
    `nginx@sha512:${'a1'.repeat(64)}`,
    `@${digest}`,
    `r.io/${'a'.repeat(251)}`,
  ])('refuses %j', (text) => {
    expect(parseImageReference(text)).toBeUndefined()
  })

  it('accepts 255 characters, and comes to an end with hostile ones', () => {
    expect(parseImageReference(`r.io/${'a'.repeat(250)}`)).toBeDefined()
    expect(parseImageReference(`${'a-'.repeat(100_000)}!`)).toBeUndefined()
    expect(parseImageReference(`r.io/${'a--'.repeat(80)}!`)).toBeUndefined()
  })
})

describe('what is made of a reference', () => {
  const parse = (text: string) => parseImageReference(text) ?? expect.fail(text)

  it('asks Docker Hub at its own host and others at theirs', () => {
    expect(apiHost(parse('nginx'))).toBe('registry-1.docker.io')
    expect(apiHost(parse('r.io:5000/x'))).toBe('r.io:5000')
  })

  it('asks for the digest before the tag before latest', () => {
    expect(manifestReference(parse(`r.io/x:1@${digest}`))).toBe(digest)
    expect(manifestReference(parse('r.io/x:1'))).toBe('1')
    expect(manifestReference(parse('r.io/x'))).toBe('latest')
  })

  it('pins by digest', () => {
    expect(formatWithDigest(parse('nginx:1'), digest)).toBe(`docker.io/library/nginx@${digest}`)
  })
})

describe('isEcrHost', () => {
  it.each([
    '123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn',
    '123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com',
  ])('knows %s', (host) => expect(isEcrHost(host)).toBe(true))

  it.each([
    'public.ecr.aws',
    '12345678901.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com.evil.com',
    'x123456789012.dkr.ecr.us-east-1.amazonaws.com',
    '123456789012.dkr.ecr.us-east-1.amazonaws.com:8443',
    'docker.io',
  ])('does not take %s for one', (host) => expect(isEcrHost(host)).toBe(false))
})
