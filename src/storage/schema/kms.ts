/** The Key Management Service: keys, their material, their other names, and who else may use them. */
export interface KmsTables {
  kms_keys: KeyRow
  kms_materials: KeyMaterialRow
  kms_aliases: AliasRow
  kms_grants: GrantRow
}

export interface KeyRow {
  /** A lower-case UUID, unique over all accounts and regions. */
  key_id: string
  account: string
  region: string
  /** `Enabled`, `Disabled` or `PendingDeletion`. */
  state: string
  /** `CUSTOMER` or `AWS`. */
  manager: string
  /** Of a key that AWS manages: the service it is for, such as `s3`; null otherwise. */
  managed_for: string | null
  description: string
  policy: string
  /** JSON: a list of {TagKey, TagValue}. */
  tags: string
  /** The material that encrypts; older ones still decrypt. */
  material_id: string
  /** Null: the key is not rotated by itself. */
  rotation_days: number | null
  next_rotation_at: number | null
  /** When a key that waits for its deletion is deleted. */
  deletion_at: number | null
  created_at: number
}

/** What encrypts under a key. One is added at every rotation, none is ever changed. */
export interface KeyMaterialRow {
  /** 64 hexadecimal digits. */
  material_id: string
  key_id: string
  /** Sealed with the context `kms/`, the key's id, a slash and the material's id. */
  sealed: string
  /** `INITIAL`, `AUTOMATIC` or `ON_DEMAND`. */
  origin: string
  created_at: number
}

export interface AliasRow {
  account: string
  region: string
  /** With `alias/` in front. */
  name: string
  key_id: string
  created_at: number
  updated_at: number
}

export interface GrantRow {
  /** 64 hexadecimal digits. */
  grant_id: string
  key_id: string
  /** Of the key. */
  region: string
  name: string | null
  grantee: string
  retiring: string | null
  /** JSON: a list of names. */
  operations: string
  /** JSON of the constraints, or null. */
  constraints: string | null
  issuing_account: string
  /** The same for every request that a named grant answers; null for a grant without a name. */
  fingerprint: string | null
  created_at: number
}
