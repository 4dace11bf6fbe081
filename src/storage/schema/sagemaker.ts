/**
 * The registry, models and endpoint configs.
 *
 * Everywhere: `account` and `region` own the row; a `…_key` is the resource's name in lower case, as its ARN shows it
 * and as uniqueness counts, while `name` keeps the case its creator wrote. Times are epoch milliseconds.
 */
export interface SagemakerTables {
  model_package_groups: ModelPackageGroupRow
  model_package_group_policies: ModelPackageGroupPolicyRow
  model_packages: ModelPackageRow
  models: ModelRow
  endpoint_configs: EndpointConfigRow
  sagemaker_tags: SagemakerTagRow
  sagemaker_client_tokens: SagemakerClientTokenRow
}

export interface ModelPackageGroupRow {
  account: string
  region: string
  name_key: string
  name: string
  description: string | null
  /** The highest version number given out so far; only ever grows, so that numbers are not reused. */
  last_version: number
  created_at: number
  /** JSON of a UserContext. */
  created_by: string
}

/** Whoever writes or deletes one announces topic `model-package-group-policies` in the same unit. */
export interface ModelPackageGroupPolicyRow {
  account: string
  region: string
  group_key: string
  /** The document as it was put. */
  policy: string
}

/** Versions of groups (`version` ≥ 1, `package_key` is the group's) and unversioned packages (`version` 0). */
export interface ModelPackageRow {
  account: string
  region: string
  package_key: string
  version: number
  /** The group's name, or the package's own when it is unversioned. */
  name: string
  description: string | null
  status: string
  approval_status: string | null
  registration_type: string | null
  /** JSON of a ModelLifeCycle. */
  life_cycle: string | null
  created_at: number
  modified_at: number | null
  /** Grows with every change; updates compare and set it. */
  revision: number
  /** JSON of everything else that DescribeModelPackage shows. */
  document: string
}

export interface ModelRow {
  account: string
  region: string
  name_key: string
  name: string
  execution_role_arn: string | null
  created_at: number
  /** JSON of the members DescribeModel shows. */
  document: string
  /** JSON array of ResolvedContainer (services/sagemaker/models/resolved-container.ts): what hosting needs, complete. */
  containers: string
}

export interface EndpointConfigRow {
  account: string
  region: string
  name_key: string
  name: string
  created_at: number
  /** JSON of the members DescribeEndpointConfig shows. */
  document: string
}

export interface SagemakerTagRow {
  account: string
  region: string
  /** What an ARN holds behind its fifth colon, in lower case: `model/name`. */
  resource: string
  tag_key: string
  tag_value: string
}

/** What an idempotency token has created, kept for a day. Whose the package is, the request says that names it. */
export interface SagemakerClientTokenRow {
  /** Of the caller. */
  account: string
  region: string
  operation: string
  token: string
  /** SHA-256 of the request without its token. */
  request_digest: string
  package_key: string
  version: number
  created_at: number
}
