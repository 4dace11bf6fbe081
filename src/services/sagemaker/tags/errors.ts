import { type ServiceError, validationException } from '../../../wire/service-error.ts'

/** How many tags a resource may carry. */
export const MAXIMUM_TAGS = 50

export const tooManyTags = (arn: string): ServiceError =>
  validationException(`The resource "${arn}" cannot have more than ${MAXIMUM_TAGS} tags.`)

export const duplicateTagKey = (key: string): ServiceError =>
  validationException(`Duplicate tag keys found. The tag key "${key}" is given more than once.`)

export const reservedTagKey = (key: string): ServiceError =>
  validationException(`aws: prefixed tag key names are not allowed for external use. The tag key is "${key}".`)

export const versionNotTaggable = (arn: string): ServiceError =>
  validationException(
    `Tags are not supported on the model package version "${arn}". Versions use the tags of their model package group.`,
  )

export const unknownResource = (arn: string): ServiceError => validationException(`Could not find resource "${arn}".`)
