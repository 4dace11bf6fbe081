import type { Principal } from '../../../access/principal.ts'
import { parseArn } from '../../../shared/arn.ts'
import type { ResourceDirectory, ResourceSide } from '../../authorizer.ts'

/** By the service in a resource's ARN: `s3`, `ecr`, `lambda`, … A service without one has no policies on resources. */
export type ResourceDirectories = Readonly<Record<string, ResourceDirectory>>

const NOTHING: ResourceSide = { account: '' }

/** What a resource has to say, asked of the service that owns it. */
export function findResourceSide(
  directories: ResourceDirectories,
  resource: string,
  principal: Principal,
): ResourceSide | Promise<ResourceSide> {
  const arn = parseArn(resource)
  if (arn === undefined) return NOTHING
  const directory = Object.hasOwn(directories, arn.service) ? directories[arn.service] : undefined
  const side = directory?.find(resource, principal)
  const otherwise = { account: arn.account }
  return side instanceof Promise ? side.then((found) => found ?? otherwise) : (side ?? otherwise)
}
