/** Accounts, access keys and IAM. IAM knows no regions; names are unique without regard to case (`name_key`). */
export interface AccessTables {
  access_accounts: AccountRow
  access_keys: AccessKeyRow
  iam_roles: RoleRow
  iam_users: UserRow
  iam_groups: GroupRow
  iam_group_members: GroupMemberRow
  iam_inline_policies: InlinePolicyRow
  iam_policies: PolicyRow
  iam_policy_versions: PolicyVersionRow
  iam_attachments: AttachmentRow
}

export interface AccountRow {
  account: string
  created_at: number
}

/** Whoever inserts, changes or deletes one announces topic `access-keys` with the key's id in the same unit. */
export interface AccessKeyRow {
  access_key_id: string
  account: string
  /** The user the key belongs to; null for the account's root. */
  user_id: string | null
  /** Sealed with the context `access-key/` and the key's id. */
  secret: string
  /** `Active` or `Inactive`. */
  status: string
  created_at: number
}

export interface RoleRow {
  account: string
  /** The name in lower case; with the account the primary key. */
  name_key: string
  name: string
  path: string
  /** `AROA…` */
  role_id: string
  trust_policy: string
  description: string | null
  /** Seconds. */
  max_session_duration: number
  /** The ARN of a managed policy. */
  permissions_boundary: string | null
  /** JSON: a list of {Key, Value}. */
  tags: string
  created_at: number
}

export interface UserRow {
  account: string
  name_key: string
  name: string
  path: string
  /** `AIDA…` */
  user_id: string
  permissions_boundary: string | null
  tags: string
  created_at: number
}

export interface GroupRow {
  account: string
  name_key: string
  name: string
  path: string
  /** `AGPA…` */
  group_id: string
  created_at: number
}

export interface GroupMemberRow {
  group_id: string
  user_id: string
}

/** A policy that is part of a role, user or group. */
export interface InlinePolicyRow {
  /** A role_id, user_id or group_id. */
  owner_id: string
  name: string
  document: string
  /** Characters that count against the owner's quota. */
  size: number
}

/** A managed policy of the account. AWS's own are not in the database. */
export interface PolicyRow {
  account: string
  name_key: string
  name: string
  path: string
  /** `ANPA…` */
  policy_id: string
  description: string | null
  default_version: number
  /** Version numbers are never used again. */
  last_version: number
  tags: string
  created_at: number
  updated_at: number
}

export interface PolicyVersionRow {
  policy_id: string
  version: number
  document: string
  created_at: number
}

export interface AttachmentRow {
  account: string
  /** `role`, `user` or `group`. */
  owner_kind: string
  owner_id: string
  policy_arn: string
  /** For lists in the order of names. */
  policy_name: string
}
