import type { ContentErrorKind } from './content-error.ts'
import type { TreeLimits, TreeSummary } from './tree-writer.ts'

export interface UnpackLimits extends TreeLimits {
  /** Largest factor between the compressed and the unpacked size; looked at from 1 GiB of unpacked bytes on. */
  readonly maximumRatio: number
}

/** What the server's thread says to the one that unpacks. */
export type ToUnpacker = { readonly type: 'data'; readonly bytes: Uint8Array } | { readonly type: 'end' }

/** And back. */
export type FromUnpacker =
  | { readonly type: 'consumed'; readonly bytes: number }
  | ({ readonly type: 'done' } & TreeSummary)
  | { readonly type: 'failed'; readonly kind: ContentErrorKind; readonly message: string }
