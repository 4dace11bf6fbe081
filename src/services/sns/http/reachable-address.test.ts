import { describe, expect, it } from 'vitest'
import { judgeAddresses } from './reachable-address.ts'

const FORBIDDEN = [
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  'fe80::1',
  'ff02::1',
  'fd00:ec2::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '::169.254.169.254',
  '64:ff9b::169.254.169.254',
  '2002:a9fe:a9fe::1',
]
const PRIVATE = [
  '127.0.0.1',
  '127.8.8.8',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '::1',
  'fd12::1',
  '::ffff:127.0.0.1',
  '::ffff:10.1.2.3',
  '64:ff9b::a01:203',
  '2002:0a01:0203::',
]
const PUBLIC = ['93.184.216.34', '172.32.0.1', '2606:4700::1', '::ffff:93.184.216.34']

describe('an address', () => {
  it.each(PUBLIC)('%s is reached', (address) => {
    expect(judgeAddresses([]).permits(address)).toBe(true)
  })

  it.each(PRIVATE)('%s is reached only when it is allowed', (address) => {
    expect(judgeAddresses([]).permits(address)).toBe(false)
    const all = ['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '::1', 'fc00::/7']
    expect(judgeAddresses(all).permits(address)).toBe(true)
  })

  it.each(FORBIDDEN)('%s is never reached', (address) => {
    expect(judgeAddresses(['0.0.0.0/0', '::/0']).permits(address)).toBe(false)
  })

  it('of a network that is not the one allowed stays closed', () => {
    const judge = judgeAddresses(['10.1.0.0/16'])
    expect(['10.1.255.255', '10.2.0.0', '127.0.0.1', 'no address'].map((address) => judge.permits(address))).toEqual([
      true,
      false,
      false,
      false,
    ])
  })
})
