import type { Principal } from '../../access/principal.ts'
import type { RequestOrigin } from '../authorizer.ts'

/**
 * KMS for the other services. The key is authorised for the principal as in a request of its own. Errors are the
 * ServiceErrors of the API: NotFoundException, AccessDeniedException, DisabledException, KMSInvalidStateException,
 * InvalidCiphertextException, IncorrectKeyException.
 */
export interface KmsFacade {
  /** A new data key of 32 bytes. */
  generateDataKey(principal: Principal, use: KeyUseBy & { readonly keyId: string }): Promise<DataKey>
  /** Up to 4096 bytes. */
  encrypt(
    principal: Principal,
    use: KeyUseBy & { readonly keyId: string; readonly plaintext: Uint8Array },
  ): Promise<Encrypted>
  /** `keyId`: the only key that is to be accepted, if it is known; the ciphertext names its key itself. */
  decrypt(
    principal: Principal,
    use: KeyUseBy & { readonly keyId?: string; readonly ciphertext: Uint8Array },
  ): Promise<Decrypted>
  /** Resolves aliases; makes the AWS managed key of `alias/aws/s3` and the like when it is first asked for. */
  describeKey(principal: Principal, use: KeyUseBy & { readonly keyId: string }): Promise<KeyDescription>
}

export interface KeyUseBy {
  /** The region of the key. Plain ids and alias names mean those of the principal's account in this region. */
  readonly region: string
  /** The service that acts for the principal: the AWS managed key of that service may be used by it alone. */
  readonly via?: ManagedService
  /** Bound to the ciphertext: decrypting takes the same. */
  readonly encryptionContext?: Readonly<Record<string, string>>
  readonly grantTokens?: readonly string[]
  /** The request that makes the service use the key, if it is one. */
  readonly origin?: RequestOrigin
}

/** Services that have an AWS managed key, `alias/aws/…`. */
export type ManagedService = 'ecr' | 'lambda' | 's3' | 'sagemaker'

export interface DataKey {
  readonly keyArn: string
  /** Secret: used, and then forgotten. */
  readonly plaintext: Uint8Array
  /** Kept with what the data key protects. */
  readonly ciphertext: Uint8Array
}

export interface Encrypted {
  readonly keyArn: string
  readonly ciphertext: Uint8Array
}

export interface Decrypted {
  readonly keyArn: string
  readonly plaintext: Uint8Array
}

export interface KeyDescription {
  readonly keyArn: string
  readonly keyId: string
  readonly account: string
  readonly state: 'Enabled' | 'Disabled' | 'PendingDeletion'
  readonly manager: 'AWS' | 'CUSTOMER'
}
