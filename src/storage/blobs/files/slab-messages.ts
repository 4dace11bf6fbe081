import type { DigestName } from '../digests.ts'

/** What the store and its writing thread say to each other. A slab's buffer is handed over and handed back. */
export type ToSlabThread =
  | {
      readonly type: 'begin'
      readonly session: number
      readonly fd: number
      readonly digests: readonly DigestName[]
      /** What to encrypt with, if the file is not to be plain. */
      readonly key: Uint8Array | undefined
    }
  | { readonly type: 'slab'; readonly session: number; readonly buffer: ArrayBuffer; readonly length: number }
  | { readonly type: 'end'; readonly session: number }

export type FromSlabThread =
  | { readonly type: 'written'; readonly session: number; readonly buffer: ArrayBuffer; readonly error?: SlabError }
  | { readonly type: 'ended'; readonly session: number; readonly digests: Record<string, Uint8Array> }

export interface SlabError {
  readonly code: string | undefined
  readonly syscall: string | undefined
  readonly message: string
}
