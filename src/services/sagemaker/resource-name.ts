import { formatArn, parseArn } from '../../shared/arn.ts'
import { validationException } from '../../wire/service-error.ts'

/** Whose resource: names are unique within an account and region. */
export interface Scope {
  readonly account: string
  readonly region: string
}

/** The form of a name that uniqueness, lookups and ARNs use: the service tells no resources apart by case. */
export const nameKey = (name: string): string => name.toLowerCase()

/** The ARN of `type/name`, with the name in lower case as the service shows it. */
export const sagemakerArn = (scope: Scope, type: string, name: string): string =>
  formatArn({
    service: 'sagemaker',
    region: scope.region,
    account: scope.account,
    resource: `${type}/${nameKey(name)}`,
  })

/** A sagemaker ARN's owner, type and the rest of its resource, in lower case; undefined when `text` is none. */
export function parseSagemakerArn(text: string): (Scope & { readonly type: string; readonly key: string }) | undefined {
  const arn = parseArn(text)
  if (arn === undefined || arn.service !== 'sagemaker') return undefined
  const { account, region, resource } = arn
  const slash = resource.indexOf('/')
  if (slash < 0) return { account, region, type: resource, key: '' }
  return { account, region, type: resource.slice(0, slash), key: nameKey(resource.slice(slash + 1)) }
}

/**
 * The ARN in the form that policies are matched with: what is named in another case is the same resource, and must not
 * get round a policy that denies it. Anything but a sagemaker ARN is left as it is.
 */
export function canonicalArn(text: string): string {
  const parsed = parseSagemakerArn(text)
  return parsed === undefined ? text : sagemakerArn(parsed, parsed.type, parsed.key)
}

/**
 * The resource that a plain name found, if its name is written exactly so. Names are unique without regard to case,
 * but reading by name needs the case they were made with.
 */
export function exactly<Row extends { readonly name: string }>(row: Row, name: string): Row {
  if (row.name === name) return row
  throw validationException(
    'The requested resource was not found. Please check the capitalization of the requested resource.',
  )
}
