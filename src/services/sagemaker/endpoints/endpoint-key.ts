import { nameKey, type Scope, sagemakerArn } from '../resource-name.ts'

/** The kind of the work item that brings an endpoint to what is wanted of it. */
export const ENDPOINT_WORK = 'endpoint'

/** The change feed's topic for whatever routes depend on. */
export const ENDPOINT_TOPIC = 'endpoints'

/** An endpoint's primary key. */
export interface EndpointKey extends Scope {
  /** The name in lower case. */
  readonly key: string
}

export const endpointKey = ({ account, region }: Scope, name: string): EndpointKey => ({
  account,
  region,
  key: nameKey(name),
})

/** The key of work items and of changes: `account/region/name` with the name in lower case. */
export const formatEndpointKey = ({ account, region, key }: EndpointKey): string => `${account}/${region}/${key}`

export const endpointArn = (scope: Scope, name: string): string => sagemakerArn(scope, 'endpoint', name)
