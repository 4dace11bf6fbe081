import type { Tag } from '../../../model/generated/iam.ts'
import type { AccessNeed } from '../../authorization.ts'

export type Conditions = NonNullable<AccessNeed['conditions']>

/** The condition keys of tags that a request gives: `aws:RequestTag/KEY` and `aws:TagKeys`. */
export const requestTags = (tags: readonly Tag[] | undefined): Conditions =>
  tags === undefined || tags.length === 0
    ? {}
    : {
        ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value])),
        ...tagKeys(tags.map(({ Key }) => Key)),
      }

/** The condition key of tags that a request names without their values. */
export const tagKeys = (keys: readonly string[]): Conditions => ({ 'aws:tagkeys': keys })

/** `iam:ResourceTag/KEY` of the role, user or policy that a request is about. */
export const resourceTags = (tags: readonly Tag[]): Conditions =>
  Object.fromEntries(tags.map(({ Key, Value }) => [`iam:resourcetag/${Key.toLowerCase()}`, Value]))
