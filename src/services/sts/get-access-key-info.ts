import { accountOfAccessKey } from '../../access/access-key-id.ts'
import type { GetAccessKeyInfoRequest, GetAccessKeyInfoResponse } from '../../model/generated/sts.ts'
import { validationError } from './errors.ts'

/** The account is part of the id: whether such a key exists is not told. */
export async function getAccessKeyInfo(input: GetAccessKeyInfoRequest): Promise<GetAccessKeyInfoResponse> {
  const account = accountOfAccessKey(input.AccessKeyId)
  if (account === undefined) throw validationError(`Invalid accessKeyId ${input.AccessKeyId}`)
  return { Account: account }
}
