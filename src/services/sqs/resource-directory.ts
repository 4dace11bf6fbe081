import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { ResourceDirectory, ResourceSide } from '../authorizer.ts'
import { queueOfArn } from './queue-name.ts'
import type { Queue, QueueCatalog } from './queues/queue-catalog.ts'

/** What queues have to say, from memory. */
export function createSqsDirectory(catalog: QueueCatalog, policies: PolicyCache): ResourceDirectory {
  const side = (queue: Queue | undefined): ResourceSide | undefined => {
    if (queue === undefined) return undefined
    const { arn, account, attributes, tags } = queue
    return {
      account,
      ...(attributes.Policy !== undefined && {
        policies: {
          policies: [{ source: { id: arn, type: 'resource' }, policy: policies.compile(attributes.Policy) }],
          rule: 'ordinary',
        },
      }),
      tags: async () => tags,
    }
  }
  return {
    find(resource) {
      const name = queueOfArn(resource)
      if (name === undefined) return undefined
      const found = catalog.find(name)
      return found instanceof Promise ? found.then(side) : side(found)
    },
  }
}
