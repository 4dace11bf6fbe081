import type { EndpointKey } from '../hosting/endpoint-state.ts'
import { nameKey, type Scope, sagemakerArn } from '../resource-name.ts'

/** The primary key of the endpoint with this name, in any case. */
export const endpointKey = ({ account, region }: Scope, name: string): EndpointKey => ({
  account,
  region,
  name_key: nameKey(name),
})

export const endpointArn = (scope: Scope, name: string): string => sagemakerArn(scope, 'endpoint', name)
