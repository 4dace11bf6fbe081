import type { ResourceSide } from './authorizer.ts'
import type { RequestContext } from './operation.ts'

/** One thing that the caller must be allowed to do before an operation runs. */
export interface AccessNeed {
  /** `sagemaker:CreateModel` */
  readonly action: string
  /** An ARN, or `*` for actions that know no resource. */
  readonly resource: string
  /** Condition keys beside the global ones, by lower-case name. */
  readonly conditions?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** What the resource has to say, where its service must not be asked: one that is about to be made, say. */
  readonly resourceSide?: ResourceSide
}

/**
 * What an operation needs for this input. An empty list says that anybody with an identity may call it, or that the
 * handler itself asks, where only it finds out what the request is about; the row says which.
 */
export type NeedsOf<Input = never> = (
  input: Input,
  context: RequestContext,
) => readonly AccessNeed[] | Promise<readonly AccessNeed[]>

/** What each operation of a service needs. Every operation that has a handler has a row; a test holds that. */
export type AuthorizationTable = Readonly<Record<string, NeedsOf>>
