import type { SealedBox } from '../../shared/sealed-box.ts'
import type { Authorizer } from '../authorizer.ts'
import type { IamDirectory } from '../iam/facade.ts'

export interface StsDeps {
  /** Seals session tokens. */
  readonly masterKey: SealedBox
  readonly iam: IamDirectory
  readonly authorizer: Authorizer
}
