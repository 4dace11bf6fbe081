import type { Clock } from '../../../shared/clock.ts'
import type { ChangeFeed } from '../../../storage/change-feed.ts'
import type { Database } from '../../../storage/database.ts'
import type { VariantSpec } from '../endpoints/endpoint-spec.ts'
import { type EndpointState, endpointWrites } from './endpoint-state.ts'
import type { ImagePin } from './prepare-variant.ts'

interface ImagePinDeps {
  readonly database: Database
  readonly changeFeed: ChangeFeed
  readonly clock: Clock
}

/** The images that all instances of a variant run, kept in the variant's DeployedImages. */
export function imagePin(
  { database, changeFeed, clock }: ImagePinDeps,
  { key }: EndpointState,
  fleet: number,
  variant: VariantSpec,
): ImagePin {
  const read = async () => {
    const row = await database.query
      .selectFrom('endpoint_variants')
      .select('deployed_images')
      .where((of) => of.and({ ...key }))
      .where('fleet', '=', fleet)
      .where('variant_name', '=', variant.name)
      .executeTakeFirst()
    if (row?.deployed_images == null) return undefined
    const images = (JSON.parse(row.deployed_images) as { ResolvedImage?: string }[]).map((one) => one.ResolvedImage)
    return images.every((image) => image !== undefined) ? images : undefined
  }
  return {
    read,
    async set(resolved) {
      const now = clock.now()
      const images = resolved.map((image, position) => ({
        SpecifiedImage: variant.containers[position]?.image,
        ResolvedImage: image,
        ResolutionTime: now,
      }))
      const pin = endpointWrites(database, changeFeed, key).pinImages(fleet, variant.name, JSON.stringify(images))
      await database.commit([pin])
      return (await read()) ?? resolved
    },
  }
}
