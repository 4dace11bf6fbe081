import { ServiceError } from '../../wire/service-error.ts'

/** S3's errors in S3's words. The members appear as elements beside Code and Message, as in S3's own answers. */
const error = (
  status: number,
  code: string,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
  headers: Readonly<Record<string, string>> = {},
): ServiceError => new ServiceError(code, message, { status, members, headers })

export const accessDenied = (message = 'Access Denied'): ServiceError => error(403, 'AccessDenied', message)

export const noSuchBucket = (bucket: string): ServiceError =>
  error(404, 'NoSuchBucket', 'The specified bucket does not exist', { BucketName: bucket })

export const noSuchKey = (key: string): ServiceError =>
  error(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key })

export const noSuchUpload = (uploadId: string): ServiceError =>
  error(
    404,
    'NoSuchUpload',
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.',
    { UploadId: uploadId },
  )

export const noSuchTagSet = (bucket: string): ServiceError =>
  error(404, 'NoSuchTagSet', 'The TagSet does not exist', { BucketName: bucket })

export const invalidBucketName = (bucket: string): ServiceError =>
  error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: bucket })

export const bucketAlreadyExists = (bucket: string): ServiceError =>
  error(
    409,
    'BucketAlreadyExists',
    'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
    { BucketName: bucket },
  )

export const bucketAlreadyOwnedByYou = (bucket: string): ServiceError =>
  error(
    409,
    'BucketAlreadyOwnedByYou',
    'Your previous request to create the named bucket succeeded and you already own it.',
    { BucketName: bucket },
  )

export const bucketNotEmpty = (bucket: string): ServiceError =>
  error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty', { BucketName: bucket })

export const invalidLocationConstraint = (constraint: string): ServiceError =>
  error(400, 'InvalidLocationConstraint', 'The specified location-constraint is not valid', {
    LocationConstraint: constraint,
  })

export const illegalLocationConstraint = (constraint: string): ServiceError =>
  error(
    400,
    'IllegalLocationConstraintException',
    `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  )

export const invalidBucketAcl = (): ServiceError =>
  error(
    400,
    'InvalidBucketAclWithObjectOwnership',
    "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
  )

export const aclNotSupported = (): ServiceError =>
  error(400, 'AccessControlListNotSupported', 'The bucket does not allow ACLs')

export const noSuchBucketPolicy = (bucket: string): ServiceError =>
  error(404, 'NoSuchBucketPolicy', 'The bucket policy does not exist', { BucketName: bucket })

export const malformedPolicy = (message: string): ServiceError => error(400, 'MalformedPolicy', message)

export const noPublicAccessBlock = (bucket: string): ServiceError =>
  error(404, 'NoSuchPublicAccessBlockConfiguration', 'The public access block configuration was not found', {
    BucketName: bucket,
  })

export const publicPolicyBlocked = (principalArn: string, bucketArn: string): ServiceError =>
  error(
    403,
    'AccessDenied',
    `User: ${principalArn} is not authorized to perform: s3:PutBucketPolicy on resource: "${bucketArn}" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
  )

export const operationAborted = (): ServiceError =>
  error(
    409,
    'OperationAborted',
    'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  )

/** Clients try again by themselves. */
export const tryAgain = (): ServiceError => error(503, 'ServiceUnavailable', 'Please try again.')

export const invalidBucketOwner = (value: string): ServiceError =>
  error(
    400,
    'InvalidBucketOwnerAWSAccountID',
    'The value of the expected bucket owner parameter must be an AWS Account ID.',
    { BucketOwner: value },
  )

export const keyTooLong = (size: number): ServiceError =>
  error(400, 'KeyTooLongError', 'Your key is too long', { MaxSizeAllowed: 1024, Size: size })

export const invalidUri = (): ServiceError => error(400, 'InvalidURI', "Couldn't parse the specified URI.")

export const metadataTooLarge = (size: number, limit: number): ServiceError =>
  error(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
    Size: size,
    MaxSizeAllowed: limit,
  })

export const invalidStorageClass = (value: string): ServiceError =>
  error(400, 'InvalidStorageClass', 'The storage class you specified is not valid', { StorageClassRequested: value })

export const invalidArgument = (message: string, name: string, value: unknown): ServiceError =>
  error(400, 'InvalidArgument', message, { ArgumentName: name, ArgumentValue: value })

export const invalidRequest = (message: string): ServiceError => error(400, 'InvalidRequest', message)

export const malformedXml = (): ServiceError =>
  error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  )

export const invalidTag = (message: string, members: Readonly<Record<string, unknown>> = {}): ServiceError =>
  error(400, 'InvalidTag', message, members)

export const badRequest = (message: string): ServiceError => error(400, 'BadRequest', message)

export const invalidDigest = (digest: string): ServiceError =>
  error(400, 'InvalidDigest', 'The Content-MD5 you specified was invalid.', { 'Content-MD5': digest })

export const badContentMd5 = (expected: string, calculated: string): ServiceError =>
  error(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.', {
    ExpectedDigest: expected,
    CalculatedDigest: calculated,
  })

export const badChecksum = (algorithm: string): ServiceError =>
  error(400, 'BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`)

export const incompleteBody = (): ServiceError =>
  error(400, 'IncompleteBody', 'The request body terminated unexpectedly')

export const entityTooLarge = (limit: number): ServiceError =>
  error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', { MaxSizeAllowed: limit })

export const entityTooSmall = (partNumber: number, etag: string, size: number, minimum: number): ServiceError =>
  error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
    ProposedSize: size,
    MinSizeAllowed: minimum,
    PartNumber: partNumber,
    ETag: etag,
  })

export const invalidPart = (uploadId: string, partNumber: number, etag: string): ServiceError =>
  error(
    400,
    'InvalidPart',
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
    { UploadId: uploadId, PartNumber: partNumber, ETag: etag },
  )

export const invalidPartOrder = (uploadId: string): ServiceError =>
  error(
    400,
    'InvalidPartOrder',
    'The list of parts was not in ascending order. Parts must be ordered by part number.',
    { UploadId: uploadId },
  )

export const invalidRange = (requested: string, size: number): ServiceError =>
  error(
    416,
    'InvalidRange',
    'The requested range is not satisfiable',
    { RangeRequested: requested, ActualObjectSize: size },
    { 'Content-Range': `bytes */${size}` },
  )

export const invalidPartNumber = (requested: number, count: number): ServiceError =>
  error(416, 'InvalidPartNumber', 'The requested partnumber is not satisfiable', {
    PartNumberRequested: requested,
    ActualPartCount: count,
  })

export const preconditionFailed = (condition: string): ServiceError =>
  error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    Condition: condition,
  })

/** Has no body on the wire; the headers are those of the object as it stands. */
export const notModified = (headers: Readonly<Record<string, string>>): ServiceError =>
  error(304, 'NotModified', 'Not Modified', {}, headers)

export const conditionalRequestConflict = (key: string): ServiceError =>
  error(
    409,
    'ConditionalRequestConflict',
    'The conditional request cannot succeed due to a conflicting operation against this resource.',
    { Key: key },
  )

/** A header that S3 knows but does not take with this value or beside another; S3 names it so itself. */
export const headerNotImplemented = (header: string, additionalMessage?: string): ServiceError =>
  error(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented', {
    Header: header,
    ...(additionalMessage === undefined ? {} : { additionalMessage }),
  })

export const methodNotAllowed = (method: string, resourceType: string): ServiceError =>
  error(405, 'MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    Method: method,
    ResourceType: resourceType,
  })

/** What the gateway says of a full disk, for those who call in the process. */
export const diskFull = (cause: Error): ServiceError =>
  new ServiceError(
    'ServiceUnavailable',
    "There is no space left on the server's disk; nothing was changed. Free some and try again.",
    { status: 503, cause },
  )
