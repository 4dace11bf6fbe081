import type { PolicyCache } from '../../access/policy/policy-cache.ts'
import type { ResourceDirectory, ResourceSide } from '../authorizer.ts'
import { defaultPolicy } from './policies/default-policy.ts'
import { topicOfArn } from './topic-name.ts'
import type { Topic, TopicCatalog } from './topics/topic-catalog.ts'

/** What topics have to say, from memory. */
export function createSnsDirectory(topics: TopicCatalog, policies: PolicyCache): ResourceDirectory {
  /** As long as a topic is kept in memory it says the same. */
  const sides = new WeakMap<Topic, ResourceSide>()
  const side = (topic: Topic | undefined): ResourceSide | undefined => {
    if (topic === undefined) return undefined
    const known = sides.get(topic) ?? sideOf(topic)
    sides.set(topic, known)
    return known
  }
  const sideOf = (topic: Topic): ResourceSide => {
    const { arn, account, attributes, tags } = topic
    const text = attributes.Policy ?? defaultPolicy(arn, account)
    return {
      account,
      policies: {
        policies: [{ source: { id: arn, type: 'resource' }, policy: policies.compile(text) }],
        rule: 'ordinary',
      },
      tags: async () => tags,
    }
  }
  return {
    find(resource) {
      const name = topicOfArn(resource)
      if (name === undefined) return undefined
      const found = topics.find(name)
      return found instanceof Promise ? found.then(side) : side(found)
    },
  }
}
