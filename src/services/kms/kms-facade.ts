import type { Principal } from '../../access/principal.ts'
import { decrypt } from './cryptography/decrypt.ts'
import { encrypt } from './cryptography/encrypt.ts'
import { generateDataKey } from './cryptography/generate-data-key.ts'
import type { KeyDescription, KeyUseBy, KmsFacade } from './facade.ts'
import { describeKey } from './keys/describe-key.ts'
import type { KeyCaller } from './keys/open-key.ts'
import type { KmsDeps } from './kms-deps.ts'

/** KMS for the other services: the operations of the API, as the principal. */
export const createKmsFacade = (deps: KmsDeps): KmsFacade => ({
  async generateDataKey(principal, use) {
    const answer = await generateDataKey(
      deps,
      { KeyId: use.keyId, KeySpec: 'AES_256', ...membersOf(use) },
      callerOf(principal, use),
    )
    return {
      keyArn: answer.KeyId as string,
      plaintext: answer.Plaintext as Uint8Array,
      ciphertext: answer.CiphertextBlob as Uint8Array,
    }
  },

  async encrypt(principal, use) {
    const answer = await encrypt(
      deps,
      { KeyId: use.keyId, Plaintext: use.plaintext, ...membersOf(use) },
      callerOf(principal, use),
    )
    return { keyArn: answer.KeyId as string, ciphertext: answer.CiphertextBlob as Uint8Array }
  },

  async decrypt(principal, use) {
    const answer = await decrypt(
      deps,
      { KeyId: use.keyId, CiphertextBlob: use.ciphertext, ...membersOf(use) },
      callerOf(principal, use),
    )
    return { keyArn: answer.KeyId as string, plaintext: answer.Plaintext as Uint8Array }
  },

  async describeKey(principal, use) {
    const { KeyMetadata: key } = await describeKey(
      deps,
      { KeyId: use.keyId, GrantTokens: membersOf(use).GrantTokens },
      callerOf(principal, use),
    )
    return {
      keyArn: key?.Arn as string,
      keyId: key?.KeyId as string,
      account: key?.AWSAccountId as string,
      state: key?.KeyState as KeyDescription['state'],
      manager: key?.KeyManager as KeyDescription['manager'],
    }
  },
})

const callerOf = (principal: Principal, { region, via, origin }: KeyUseBy): KeyCaller => ({
  principal,
  account: principal.account,
  region,
  via,
  origin,
})

const membersOf = ({ encryptionContext, grantTokens }: KeyUseBy) => ({
  EncryptionContext: encryptionContext,
  GrantTokens: grantTokens === undefined ? undefined : [...grantTokens],
})
