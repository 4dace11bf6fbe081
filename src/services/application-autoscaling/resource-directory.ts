import type { Database } from '../../storage/database.ts'
import type { ResourceDirectory } from '../authorizer.ts'
import { targetOfArn } from './scalable-resource.ts'
import { readTags } from './tags/target-tags.ts'
import { findTargetById } from './targets/target-store.ts'

/** Scalable targets have no policies, only tags. */
export const createAutoscalingDirectory = ({ database }: { readonly database: Database }): ResourceDirectory => ({
  find(resource) {
    const target = targetOfArn(resource)
    if (target === undefined) return undefined
    const { account, region, id } = target
    return {
      account,
      async tags() {
        const row = await findTargetById(database, id)
        return row?.account === account && row.region === region ? readTags(row.tags) : {}
      },
    }
  },
})
