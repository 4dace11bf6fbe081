/**
 * The bytes of objects lie in the blob store, those of small ones with their slices; a key is only ever a value in these
 * tables. An object, or an uploaded part, owns slices of blobs; several owners may share a blob of the store, so that
 * copies and completed uploads move no bytes.
 */
export interface S3Tables {
  s3_buckets: BucketRow
  s3_objects: ObjectRow
  s3_slices: SliceRow
  s3_released: ReleasedRow
  s3_uploads: UploadRow
  s3_parts: PartRow
}

export interface BucketRow {
  /** Unique across accounts, as bucket names are. */
  name: string
  account: string
  region: string
  created_at: number
  /** JSON object of tag keys and values; null when no tag set was put. */
  tags: string | null
  /** JSON of the default encryption; null until one is put, which means AES256. */
  encryption: string | null
  /** The bucket's policy as it was put; null without one. */
  policy: string | null
  /** JSON object of S3's four settings (`BlockPublicAcls`, …); null when the configuration was deleted. */
  public_access_block: string | null
}

export interface ObjectRow {
  bucket: string
  key: string
  /** Made anew by every write of the key; the owner of the object's slices. */
  object_id: string
  size: number
  /** Without quotes: an MD5, or the MD5 of the parts' MD5s and `-N`. */
  etag: string
  /** Whole seconds, in milliseconds. */
  last_modified: number
  storage_class: string
  checksum_algorithm: string
  /** FULL_OBJECT or COMPOSITE. */
  checksum_type: string
  /** Base64; of a composite with `-N` behind it. */
  checksum: string
  /** Null unless the object was uploaded in parts. */
  part_count: number | null
  /** The multipart upload that made the object, so that completing it once more is recognised. */
  upload_id: string | null
  /** JSON object of the headers that are stored with an object (Content-Type, Cache-Control, …). */
  headers: string
  /** JSON object of the user's metadata. */
  metadata: string
  /** JSON object of tag keys and values; null without tags. */
  tags: string | null
  /** JSON of what the bytes are encrypted with; null when they were written before there was encryption. */
  encryption: string | null
}

/** A run of bytes of one blob. An owner's content is its slices in the order of part number and position. */
export interface SliceRow {
  /** `object_id` of an object or `part_id` of a part. */
  owner_id: string
  part_number: number
  position: number
  blob_id: string
  blob_offset: number
  size: number
  /** Base64 checksum of the whole part, at its first slice. */
  part_checksum: string | null
  /** The key of the blob, sealed with what the owner is encrypted with; null when the blob is plain. */
  sealed_key: string | null
  /** All of the blob, sealed, when it is small; null: it is a file of the blob store. */
  content: Uint8Array | null
}

/** Owners whose object or part is gone. Their slices stay for a while, for the readers that are at them. */
export interface ReleasedRow {
  owner_id: string
  released_at: number
}

export interface UploadRow {
  upload_id: string
  bucket: string
  key: string
  initiator_arn: string
  initiated_at: number
  storage_class: string
  /** Null: the caller named none; parts are then summed with CRC64NVME. */
  checksum_algorithm: string | null
  checksum_type: string | null
  headers: string
  metadata: string
  tags: string | null
  /** As of the object that it becomes. */
  encryption: string | null
}

export interface PartRow {
  upload_id: string
  part_number: number
  /** Made anew whenever the part is uploaded again; the owner of the part's slices. */
  part_id: string
  size: number
  etag: string
  /** Base64, with the upload's algorithm. */
  checksum: string
  last_modified: number
}
