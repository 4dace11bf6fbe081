import type { Statement } from '../../storage/database.ts'

/** Whose endpoint. */
export interface EndpointOwner {
  readonly account: string
  readonly region: string
}

/** A production variant of an endpoint, for who changes how many instances it has. */
export interface VariantCapacity {
  /** An EndpointStatus. */
  readonly status: string
  /** `ml.…` */
  readonly instanceType: string
  readonly desiredInstances: number
  /** The fewest that the variant may have. */
  readonly leastInstances: number
}

/** SageMaker for the other services. What a service does for its user is decided by the caller, not here. */
export interface SagemakerFacade {
  /** Undefined when there is no such endpoint or no such variant; names must be spelt as they were given. */
  findCapacity(owner: EndpointOwner, endpoint: string, variant: string): Promise<VariantCapacity | undefined>
  /**
   * Does what UpdateEndpointWeightsAndCapacities does with the variant's DesiredInstanceCount. `also` is committed in the
   * same unit of work.
   * @throws ServiceError when the endpoint is busy, gone or failed, or ResourceLimitExceeded
   */
  setInstanceCount(
    owner: EndpointOwner,
    endpoint: string,
    variant: string,
    count: number,
    also: readonly Statement[],
  ): Promise<void>
  /** Holds only while the endpoint's fleet has this variant. */
  variantStillThere(owner: EndpointOwner, endpoint: string, variant: string, otherwise: () => Error): Statement
  /** Holds only while no update is about to take the variant, or its instance type, away. */
  variantStays(owner: EndpointOwner, endpoint: string, variant: string, otherwise: () => Error): Statement
}
