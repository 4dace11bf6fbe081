import { formatArn, parseArn } from '../../../shared/arn.ts'
import { aliasesUnsupported, badArn, badKeyId, badKeyIdInArn } from '../errors.ts'

/** Where plain ids and alias names are looked for: the caller's account and the region asked. */
export interface KmsScope {
  readonly account: string
  readonly region: string
}

/** What a request calls a key by: its id or ARN, or the name or ARN of an alias. */
export type KeyReference = KmsScope &
  ({ readonly kind: 'key'; readonly id: string } | { readonly kind: 'alias'; readonly name: string })

const KEY_ID = /^(?:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|mrk-[0-9a-f]{32})$/i

export const keyArn = ({ account, region, key_id }: KmsScope & { readonly key_id: string }): string =>
  formatArn({ service: 'kms', region, account, resource: `key/${key_id}` })

export const aliasArn = ({ account, region }: KmsScope, name: string): string =>
  formatArn({ service: 'kms', region, account, resource: name })

/** @throws NotFoundException in AWS's words for a text that names no key */
export function parseKeyReference(text: string, scope: KmsScope): KeyReference {
  const { account, region } = scope
  if (text.startsWith('alias/')) return { kind: 'alias', account, region, name: text }
  if (!text.startsWith('arn:')) {
    if (!KEY_ID.test(text)) throw badKeyId(text)
    return { kind: 'key', account, region, id: text }
  }
  const arn = parseArn(text)
  if (arn === undefined || arn.partition !== 'aws' || arn.service !== 'kms' || !/^\d{12}$/.test(arn.account)) {
    throw badArn(text)
  }
  if (arn.region !== region) throw badArn(arn.region)
  if (arn.resource.startsWith('alias/')) {
    return { kind: 'alias', account: arn.account, region, name: arn.resource }
  }
  if (!arn.resource.startsWith('key/')) throw badArn(text)
  const id = arn.resource.slice('key/'.length)
  if (!KEY_ID.test(id)) throw badKeyIdInArn(id)
  return { kind: 'key', account: arn.account, region, id }
}

/** For operations that take no alias. @throws InvalidArnException for one */
export function parseKeyOnlyReference(text: string, scope: KmsScope): KeyReference & { readonly kind: 'key' } {
  const reference = parseKeyReference(text, scope)
  if (reference.kind === 'alias') throw aliasesUnsupported()
  return reference
}
