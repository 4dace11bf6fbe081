/**
 * Endpoints: what is wanted, what runs.
 *
 * Who writes what. The API writes `endpoints.spec`, the desired columns of `endpoint_variants`, and the statuses that
 * start work (Creating, Deleting), and enqueues the work item `endpoint` with the key `account/region/name_key` in
 * the same unit. The endpoint's controller alone writes every other status and the current columns, adds instances and moves
 * them to Stopping; the work item `endpoint-instance` of each moves it through its other states and removes it.
 * Both compare and set `endpoints.revision`.
 *
 * Fleets. What is served lives in a fleet: the variants of one config with their instances. An update brings in another
 * fleet beside the one that serves, and what it is about stands in `endpoint_deployments` until it is over. A fleet's
 * number is the endpoint's generation that it was made for. Whoever changes what routes depend on (status, weights, instances)
 * announces topic `endpoints` with that same key.
 */
export interface EndpointTables {
  endpoints: EndpointRow
  endpoint_variants: EndpointVariantRow
  endpoint_instances: EndpointInstanceRow
  endpoint_containers: EndpointContainerRow
  endpoint_deployments: EndpointDeploymentRow
  endpoint_holds: EndpointHoldRow
  serving_workers: ServingWorkerRow
}

export interface EndpointRow {
  account: string
  region: string
  /** The name in lower case; with account and region the primary key. */
  name_key: string
  name: string
  /** The fleet that serves; during an update the one that served when it began. */
  fleet: number
  /** The config of that fleet. */
  config_name: string
  /**
   * JSON of EndpointSpec (services/sagemaker/endpoints/endpoint-spec.ts): a snapshot of that config and its models.
   */
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
  fleet: number
  variant_name: string
  /** Its place in the config, from 0. */
  position: number
  instance_type: string
  desired_weight: number
  desired_instance_count: number
  /** Null until the controller has put the variant into service. */
  current_weight: number | null
  current_instance_count: number | null
  /** How much of what its fleet's weights give it it gets, 0 to 1: 1 but for updates, which move it from fleet to fleet. */
  traffic: number
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
  fleet: number
  variant_name: string
  /** The endpoint's generation this instance was started for. */
  generation: number
  /** Starting, Healthy, Unhealthy, Failed or Stopping. Only Healthy ones are routed to. */
  state: string
  created_at: number
  /** When the state last changed. */
  changed_at: number
  /** Why the instance is in this state, for people. */
  detail: string | null
  /** How many instances in a row have failed in this one's place; its replacement waits accordingly. */
  failures: number
}

/** One container of an instance. Its row is there as soon as the instance's is, and goes with it. */
export interface EndpointContainerRow {
  instance_id: string
  /** Its place in the model, from 0; with the instance the primary key. */
  position: number
  /** ContainerHostname, or `container_1` and so on where the model gives none. */
  name: string
  /** Null until it runs. */
  container_id: string | null
  /** Where its port is reached: `172.17.0.2:8080`. */
  address: string | null
  /** The image as the model names it, and the digest it was started from. */
  image: string
  image_digest: string | null
  started_at: number | null
  /** Up to where its output has been stored: nanoseconds since the epoch, `/`, lines of that moment. */
  logged_until: string | null
}

/** A change of an endpoint that is under way: a fleet that comes in, or other weights and capacities of the one that serves. */
export interface EndpointDeploymentRow {
  account: string
  region: string
  name_key: string
  /** The fleet that comes in; the serving one when only weights and capacities change. With the endpoint's key the primary key. */
  fleet: number
  /** `fleet` or `capacity`. */
  kind: string
  /** Config and EndpointSpec of the incoming fleet; null when only weights and capacities change. */
  config_name: string | null
  spec: string | null
  /** JSON of DeploymentPolicy (services/sagemaker/endpoints/deployment-policy.ts). */
  policy: string
  /** JSON of PreviousCapacity[]: what a change of weights and capacities goes back to; null for a fleet. */
  previous: string | null
  /**
   * Launching, Baking, Terminating: where the step is. Stuck when neither the update nor its rollback could be brought
   * about; then the fleet stays beside the other until the next update.
   */
  phase: string
  /** Which step of the way, from 1. */
  step: number
  /** Null while it goes forward; else the step at which it turned back, for `reason`. */
  turned_step: number | null
  reason: string | null
  /** When the phase began. */
  phase_at: number
  started_at: number
}

/**
 * A worker's word about an instance which is to be ended: it is out of that worker's routes. Until `expires_at` the worker
 * still waits for answers of it, and the instance stays.
 */
export interface EndpointHoldRow {
  instance_id: string
  /** Names the worker; with the instance the primary key. */
  worker: string
  /** 0 when nothing is waited for. */
  expires_at: number
}

/** A worker that has routes to instances. Until `expires_at` nothing is ended that it has not let go of. */
export interface ServingWorkerRow {
  /** The worker's place in the server, the primary key: whoever comes into it is the successor of a worker that has ended. */
  slot: string
  /** Names the worker in `endpoint_holds`; never the same twice. */
  worker: string
  expires_at: number
}
