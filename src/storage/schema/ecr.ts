/**
 * Images lie in repositories; the bytes of their layers and configurations lie in the blob store, once for every digest
 * of the installation. A repository holds a layer by its row in `ecr_layers`, so that it can be read through it.
 */
export interface EcrTables {
  ecr_repositories: RepositoryRow
  ecr_images: ImageRow
  ecr_image_parts: ImagePartRow
  ecr_tags: TagRow
  ecr_layers: LayerRow
  ecr_blobs: BlobRow
  ecr_uploads: UploadRow
  ecr_upload_parts: UploadPartRow
}

export interface RepositoryRow {
  /** Made anew whenever a repository of this name is created, so that nothing of a deleted namesake is seen. */
  id: string
  account: string
  region: string
  name: string
  created_at: number
  tag_mutability: string
  /** JSON list of wildcards that the mutability does not hold for; null without any. */
  mutability_exclusions: string | null
  /** 1 or 0. Stored and shown: nothing scans here. */
  scan_on_push: number
  /** As the caller put it; null without one. */
  policy: string | null
  /** JSON object of tag keys and values. */
  resource_tags: string
}

/** A manifest. */
export interface ImageRow {
  repository_id: string
  digest: string
  media_type: string
  /** Of the configuration; null for an index. */
  config_media_type: string | null
  /** What kind of artifact the manifest is, as referrers are filtered by; null when it does not say. */
  artifact_type: string | null
  /** The manifest that this one is about; it need not exist. */
  subject_digest: string | null
  /** JSON object of the manifest's own annotations; null without any. */
  annotations: string | null
  /** Bytes of the manifest. */
  manifest_bytes: number
  /** Bytes of what the manifest names, once each. */
  content_bytes: number
  pushed_at: number
  /** Of one pull within the last day; null before the first. */
  pulled_at: number | null
  /** The manifest, byte for byte: it is UTF-8. */
  manifest: string
}

/** What a manifest names and cannot be without: its configuration and layers, or the manifests of an index. */
export interface ImagePartRow {
  repository_id: string
  image_digest: string
  part_digest: string
  /** `layer` or `image`. */
  kind: string
}

export interface TagRow {
  repository_id: string
  tag: string
  /** The tag in lower case: tags are listed without regard to case. */
  folded: string
  digest: string
}

/** A layer or configuration that a repository holds. */
export interface LayerRow {
  repository_id: string
  digest: string
  size: number
  /** When it was pushed, last asked for, or last let go by an image: how long it has been idle without an image. */
  touched_at: number
}

/** The bytes of a digest. */
export interface BlobRow {
  digest: string
  blob_id: string
  size: number
  /** Since when it may be that no repository holds it; null while nobody has let go of it. */
  released_at: number | null
}

export interface UploadRow {
  id: string
  repository_id: string
  /** Bytes received so far. */
  size: number
  part_count: number
  touched_at: number
}

/** A stretch of an upload, a blob of its own until the upload is complete. */
export interface UploadPartRow {
  upload_id: string
  first_byte: number
  size: number
  blob_id: string
  /** `sha256:…`: an upload of one part is complete without being read again. */
  digest: string
}
