import { parseArn } from '../../shared/arn.ts'
import type { Database } from '../../storage/database.ts'
import type { ResourceDirectory } from '../authorizer.ts'
import { findLogGroup } from './log-groups/log-group-store.ts'
import { readTags } from './tags/log-group-tags.ts'

/** Log groups have no policies here, only tags; their streams have those of the group. */
export const createLogsDirectory = ({ database }: { readonly database: Database }): ResourceDirectory => ({
  find(resource) {
    const arn = parseArn(resource)
    const name = /^log-group:([^:]+)/.exec(arn?.resource ?? '')?.[1]
    if (arn === undefined || name === undefined) return undefined
    const { account, region } = arn
    return {
      account,
      async tags() {
        const group = await findLogGroup(database, { account, region }, name)
        return group === undefined ? {} : readTags(database, group.id)
      },
    }
  },
})
