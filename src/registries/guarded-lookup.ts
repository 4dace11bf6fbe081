import { type LookupAddress, lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { isPermittedAddress } from './address-policy.ts'
import { FORBIDDEN_ADDRESS } from './network-error.ts'

/**
 * Resolves as net.connect does, and drops the addresses that may not be reached. Judging the very answer the
 * connection is made with leaves no gap for a name that resolves differently the second time.
 */
export function guardedLookup(allowLoopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error !== null) return callback(error, '', 0)
      const permitted = addresses.filter(({ address }) => isPermittedAddress(address, allowLoopback))
      const [first] = permitted
      if (first === undefined) {
        return callback(Object.assign(new Error('forbidden address'), { code: FORBIDDEN_ADDRESS }), '', 0)
      }
      if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}
