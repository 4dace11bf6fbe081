import type { GetObjectAttributesOutput, GetObjectAttributesRequest } from '../../../model/generated/s3.ts'
import type { ObjectRow } from '../../../storage/schema/s3.ts'
import type { RequestContext } from '../../operation.ts'
import { requireBucket } from '../buckets/bucket-access.ts'
import { checksumMember } from '../checksums/checksum.ts'
import { invalidArgument } from '../errors.ts'
import { pageLimit } from '../listing/object-page.ts'
import type { S3Deps } from '../s3-deps.ts'
import { refuseUnsupported } from '../unsupported.ts'
import { checkKey, checkVersionId } from './object-key.ts'
import { groupParts } from './read-object.ts'
import { requireObject } from './require-object.ts'

const ATTRIBUTES = ['ETag', 'Checksum', 'ObjectParts', 'StorageClass', 'ObjectSize']

/** The properties of an object that the caller names. */
export async function getObjectAttributes(
  deps: S3Deps,
  input: GetObjectAttributesRequest,
  context: RequestContext,
): Promise<GetObjectAttributesOutput> {
  const bucket = await requireBucket(deps, context.principal, input.Bucket, input.ExpectedBucketOwner)
  checkKey(input.Key)
  checkVersionId(input.VersionId)
  refuseUnsupported(input)
  const wanted = new Set<string>(input.ObjectAttributes)
  if (wanted.size === 0 || [...wanted].some((name) => !ATTRIBUTES.includes(name))) {
    throw invalidArgument('Invalid attribute name specified.', 'x-amz-object-attributes', [...wanted].join(','))
  }
  const object = await requireObject(deps, bucket, input.Key, context)
  // Checksums of bytes under a key of KMS are for those who may decrypt them.
  if (wanted.has('Checksum') || wanted.has('ObjectParts')) await deps.keys.open(context, object.encryption)
  const checksum = {
    ...checksumMember(object.checksum_algorithm, object.checksum.replace(/-\d+$/, '')),
    ChecksumType: object.checksum_type as 'FULL_OBJECT',
  }
  return {
    LastModified: object.last_modified,
    ETag: wanted.has('ETag') ? object.etag : undefined,
    Checksum: wanted.has('Checksum') ? checksum : undefined,
    ObjectParts: wanted.has('ObjectParts') ? await objectParts(deps, object, input) : undefined,
    StorageClass: wanted.has('StorageClass') ? (object.storage_class as 'STANDARD') : undefined,
    ObjectSize: wanted.has('ObjectSize') ? object.size : undefined,
  }
}

async function objectParts(
  deps: S3Deps,
  object: ObjectRow,
  input: GetObjectAttributesRequest,
): Promise<GetObjectAttributesOutput['ObjectParts']> {
  if (object.part_count === null) return undefined
  const limit = pageLimit(input.MaxParts, 'max-parts')
  const marker = input.PartNumberMarker ?? 0
  const parts = groupParts(await deps.content.slices(object.object_id))
  const rest = parts.filter((part) => part.partNumber > marker)
  const page = rest.slice(0, limit)
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.partNumber ?? 0,
    MaxParts: limit,
    IsTruncated: rest.length > limit,
    Parts: page.map((part) => ({
      PartNumber: part.partNumber,
      Size: part.size,
      ...(part.checksum === undefined ? {} : checksumMember(object.checksum_algorithm, part.checksum)),
    })),
  }
}
