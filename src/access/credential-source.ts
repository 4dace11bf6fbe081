import type { Principal } from './principal.ts'

/** What an access key stands for, or why it stands for nobody. */
export type Lookup =
  | { readonly secretAccessKey: string; readonly principal: Principal }
  | { readonly fault: 'unknown-key' | 'inactive-key' | 'invalid-token' | 'expired-token' }

/** Looks up access keys. Answers at once when it has the key in memory, so that an invocation need not wait. */
export interface CredentialSource {
  find(accessKeyId: string, sessionToken: string | undefined): Lookup | Promise<Lookup>
}
