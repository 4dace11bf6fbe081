/**
 * Endpoints: what is wanted, what runs.
 *
 * Who writes what. The API writes `endpoints.spec`, the desired columns of `endpoint_variants`, and the statuses that
 * start work (Creating, Deleting), and enqueues the work item `endpoint` with the key `account/region/name_key` in
 * the same unit. The endpoint's controller alone writes every other status and the current columns, adds instances and moves
 * them to Stopping; the work item `endpoint-instance` of each moves it through its other states and removes it.
 * Both compare and set `endpoints.revision`. Whoever changes what routes depend on (status, weights, instances)
 * announces topic `endpoints` with that same key.
 */
export interface EndpointTables {
  endpoints: EndpointRow
  endpoint_variants: EndpointVariantRow
  endpoint_instances: EndpointInstanceRow
}

export interface EndpointRow {
  account: string
  region: string
  /** The name in lower case; with account and region the primary key. */
  name_key: string
  name: string
  config_name: string
  /** JSON of EndpointSpec (services/sagemaker/endpoints/endpoint-spec.ts): a snapshot of the config and its models. */
  spec: string
  /** An EndpointStatus. */
  status: string
  failure_reason: string | null
  /** Grows with every change of what is wanted (spec, desired columns, deletion). */
  generation: number
  /** The generation that the controller has last brought about, or given up on; 0 before the first. */
  observed_generation: number
  /** Grows with every write of this row; writers compare and set it. */
  revision: number
  /** JSON of the DeploymentConfig last given, shown as LastDeploymentConfig. */
  deployment_config: string | null
  created_at: number
  modified_at: number
}

export interface EndpointVariantRow {
  account: string
  region: string
  name_key: string
  variant_name: string
  /** Its place in the config, from 0. */
  position: number
  instance_type: string
  desired_weight: number
  desired_instance_count: number
  /** Null until the controller has put the variant into service. */
  current_weight: number | null
  current_instance_count: number | null
  /** JSON array of DeployedImage. */
  deployed_images: string | null
  /** JSON array of ProductionVariantStatus; null in the steady state. */
  variant_status: string | null
}

export interface EndpointInstanceRow {
  /** `i-…`, the primary key; also the name of the instance's log stream. */
  id: string
  account: string
  region: string
  name_key: string
  variant_name: string
  /** The endpoint's generation this instance was started for. */
  generation: number
  /** Starting, Healthy, Unhealthy, Failed or Stopping. Only Healthy ones are routed to. */
  state: string
  container_id: string | null
  /** Where the container's port is reached: `172.17.0.2:8080`. */
  address: string | null
  /** The image as the model names it, and the digest it was started from. */
  image: string
  image_digest: string | null
  created_at: number
  /** When the container was started. */
  started_at: number | null
  /** When the state last changed. */
  changed_at: number
  /** Why the instance is in this state, for people. */
  detail: string | null
  /** How many instances in a row have failed in this one's place; its replacement waits accordingly. */
  failures: number
  /** Up to where the container's output has been stored: nanoseconds since the epoch, `/`, lines of that moment. */
  logged_until: string | null
}
