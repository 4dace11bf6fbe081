import type { CompiledPolicy, CompiledStatement } from './compiled-policy.ts'
import { type CompiledCondition, parseOperator } from './condition.ts'
import { inRange, parseIpRange } from './ip-range.ts'

/**
 * Whether S3 calls a policy public: some statement allows everyone, and none of its conditions holds it to fixed values.
 * Source: "The meaning of public" in the S3 User Guide, Blocking public access.
 */
export const isPublicPolicy = ({ statements }: CompiledPolicy): boolean => statements.some(isPublicStatement)

function isPublicStatement({ allows, principals, notPrincipal, conditions }: CompiledStatement): boolean {
  if (!allows) return false
  const everyone = notPrincipal || principals === undefined || principals.everyone || principals.everyIdentity
  return everyone && !conditions.some(isLimit)
}

/** The keys whose fixed values say who, from where or for whom. Values without `*`, `?` and variables are fixed. */
const LIMITING = new Set([
  'aws:principalaccount',
  'aws:principalarn',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalservicename',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:sourceorgid',
  'aws:sourceowner',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
  's3:dataaccesspointaccount',
  's3:dataaccesspointarn',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
])

const MATCHING = new Set(['StringEquals', 'StringEqualsIgnoreCase', 'StringLike', 'ArnEquals', 'ArnLike'])

function isLimit({ operator, lookUp, values }: CompiledCondition): boolean {
  const parsed = parseOperator(operator)
  // What holds for a request without the key limits nobody.
  if (parsed === undefined || parsed.ifExists || parsed.quantifier === 'all') return false
  if (lookUp === 'aws:sourceip') return parsed.name === 'IpAddress' && values.every(isNarrowRange)
  return LIMITING.has(lookUp) && MATCHING.has(parsed.name) && values.every((value) => isFixed(lookUp, value))
}

function isFixed(key: string, value: string): boolean {
  // All sessions of one role, and all access points of one account, are as fixed as the role and the account.
  if (key === 'aws:userid' && /^AROA[A-Z0-9]+:\*$/.test(value)) return true
  const fixed = key === 's3:dataaccesspointarn' ? value.replace(/^(arn:[^*?]*:accesspoint\/)[^$]*$/, '$1') : value
  return !/[*?]|\$\{/.test(fixed)
}

/** RFC 1918: however many these addresses are, nobody has them on the Internet. */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map((range) => parseIpRange(range)!)

/** Ranges wider than /8 of IPv4 or /32 of IPv6 count as the whole Internet. */
function isNarrowRange(text: string): boolean {
  const range = parseIpRange(text)
  if (range === undefined) return false
  return (
    range.bits >= (range.version === 4 ? 8 : 32) || PRIVATE.some((own) => range.bits >= own.bits && inRange(own, range))
  )
}
