import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import { exactly, nameKey, parseSagemakerArn, type Scope, sagemakerArn } from '../resource-name.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { missingPackage, notAPackageArn } from './errors.ts'
import { findPackage } from './package-store.ts'

/** A model package's primary key: `version` 0 is an unversioned package. */
export interface PackageKey extends Scope {
  readonly key: string
  readonly version: number
}

/** A model package as a request names it. */
export interface PackageReference extends PackageKey {
  readonly arn: string
  /** Set when the request gave a name and not an ARN: its case then matters. */
  readonly name: string | undefined
}

const VERSION = /^0*[1-9]\d{0,8}$/
/** A number that no package carries, for `group/0` and what is no number. */
const NO_VERSION = -1

export const packageArn = ({ account, region, key, version }: PackageKey): string =>
  sagemakerArn({ account, region }, 'model-package', version === 0 ? key : `${key}/${version}`)

export const keyOfRow = (row: Pick<ModelPackageRow, 'account' | 'region' | 'package_key' | 'version'>): PackageKey => ({
  account: row.account,
  region: row.region,
  key: row.package_key,
  version: row.version,
})

/**
 * Reads `name`, `group/version` or an ARN of either, of whatever account.
 * @throws ServiceError `ValidationException` for the ARN of something else
 */
export function parsePackage(text: string, context: Scope): PackageReference {
  const reference = readPackageReference(text, context)
  if (reference === undefined) throw notAPackageArn(text)
  return reference
}

/** The same, undefined for the ARN of something else. */
export function readPackageReference(text: string, context: Scope): PackageReference | undefined {
  const isArn = text.startsWith('arn:')
  const parsed = isArn
    ? parseSagemakerArn(text)
    : { account: context.account, region: context.region, type: 'model-package', key: nameKey(text) }
  if (parsed === undefined || parsed.type !== 'model-package') return undefined
  const { account, region } = parsed
  const [key = '', number, ...more] = parsed.key.split('/')
  const version = number === undefined ? 0 : VERSION.test(number) && more.length === 0 ? Number(number) : NO_VERSION
  // A version has one ARN, however many zeros its number was given: policies are about that one.
  const arn =
    version === NO_VERSION
      ? sagemakerArn(parsed, 'model-package', parsed.key)
      : packageArn({ account, region, key, version })
  return { account, region, key, version, arn, name: isArn ? undefined : text.split('/')[0] }
}

/** @throws ServiceError `ValidationException` when the package does not exist */
export async function requirePackage(deps: SagemakerDeps, reference: PackageReference): Promise<ModelPackageRow> {
  const row = await findPackage(deps.database, reference)
  if (row === undefined) throw missingPackage(reference.arn)
  return reference.name === undefined ? row : exactly(row, reference.name)
}
