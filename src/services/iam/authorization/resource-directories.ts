import type { Principal } from '../../../access/principal.ts'
import { parseArn } from '../../../shared/arn.ts'
import type { ResourceDirectory, ResourceSide } from '../../authorizer.ts'

/** By the service in a resource's ARN: `s3`, `ecr`, `lambda`, … A service without one has no policies on resources. */
export type ResourceDirectories = Readonly<Record<string, ResourceDirectory>>

const NOTHING: ResourceSide = { account: '' }

/** What a resource has to say, asked of the service that owns it. */
export function findResourceSide(
  directories: ReadonlyMap<string, ResourceDirectory>,
  resource: string,
  principal: Principal,
): ResourceSide | Promise<ResourceSide> {
  const side = directories.get(serviceOf(resource))?.find(resource, principal)
  if (side instanceof Promise) return side.then((found) => found ?? ownerOf(resource))
  return side ?? ownerOf(resource)
}

/** The third field of an ARN; empty for what is none. */
function serviceOf(resource: string): string {
  const start = resource.startsWith('arn:') ? resource.indexOf(':', 4) + 1 : 0
  const end = start === 0 ? -1 : resource.indexOf(':', start)
  return end < 0 ? '' : resource.slice(start, end)
}

function ownerOf(resource: string): ResourceSide {
  const arn = parseArn(resource)
  return arn === undefined ? NOTHING : { account: arn.account }
}
