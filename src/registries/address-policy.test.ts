import { describe, expect, it } from 'vitest'
import { isLoopbackName, isPermittedAddress, judgeUrl } from './address-policy.ts'

const open = { plainHttp: () => false, allowLoopback: true }
const outside = { plainHttp: (host: string) => host === 'plain.example:5000', allowLoopback: false }

describe('judgeUrl', () => {
  it.each([
    ['https://registry.example/v2/', 'permitted'],
    ['https://10.1.2.3:5000/', 'permitted'],
    ['http://plain.example:5000/', 'permitted'],
    ['http://registry.example/', 'plain-http'],
    ['http://10.1.2.3/', 'plain-http'],
    ['ftp://registry.example/', 'not-http'],
    ['file:///etc/passwd', 'not-http'],
    ['https://user:pw@registry.example/', 'not-http'],
    ['https://127.0.0.1/', 'forbidden-address'],
    ['https://localhost/', 'forbidden-address'],
    ['https://x.localhost/', 'forbidden-address'],
    ['https://[::1]/', 'forbidden-address'],
    ['https://[::ffff:127.0.0.1]/', 'forbidden-address'],
    ['https://2130706433/', 'forbidden-address'],
    ['https://0x7f.1/', 'forbidden-address'],
    ['https://169.254.169.254/latest/meta-data', 'forbidden-address'],
    ['https://0xa9fea9fe/', 'forbidden-address'],
    ['https://[fe80::1]/', 'forbidden-address'],
    ['https://[fd00:ec2::254]/', 'forbidden-address'],
    ['https://[64:ff9b::169.254.169.254]/', 'forbidden-address'],
    ['https://0.0.0.0/', 'forbidden-address'],
    ['https://[::]/', 'forbidden-address'],
    ['https://255.255.255.255/', 'forbidden-address'],
  ])('says of %s: %s', (url, verdict) => {
    expect(judgeUrl(new URL(url), outside)).toBe(verdict)
  })

  it('lets a registry on loopback speak plain http, and still not reach the metadata service', () => {
    expect(judgeUrl(new URL('http://127.0.0.1:5000/v2/'), open)).toBe('permitted')
    expect(judgeUrl(new URL('http://localhost:5000/v2/'), open)).toBe('permitted')
    expect(judgeUrl(new URL('http://169.254.169.254/'), open)).toBe('forbidden-address')
  })
})

describe('addresses', () => {
  it('keeps names that only look like loopback apart', () => {
    expect(isLoopbackName('localhost.example.com')).toBe(false)
    expect(isLoopbackName('127.0.0.1.example.com')).toBe(false)
    expect(isLoopbackName('[::1]')).toBe(true)
    expect(isLoopbackName('127.8.9.10')).toBe(true)
  })

  it('judges what a name resolved to', () => {
    expect(isPermittedAddress('127.0.0.1', true)).toBe(true)
    expect(isPermittedAddress('127.0.0.1', false)).toBe(false)
    expect(isPermittedAddress('169.254.169.254', true)).toBe(false)
    expect(isPermittedAddress('::ffff:169.254.1.1', true)).toBe(false)
    expect(isPermittedAddress('192.168.1.1', false)).toBe(true)
  })
})
