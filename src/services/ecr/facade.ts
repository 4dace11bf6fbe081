import type { Principal } from '../../access/principal.ts'
import type { LocalReference } from './local-reference.ts'

/** What other services ask of ECR. */
export interface EcrFacade {
  /** The image as an engine on this machine pulls it, when it lies in this server's registry; undefined otherwise. */
  locate(image: string): LocalReference | undefined
  /** Whether there is such a repository in this server's registry. */
  hasRepository(repository: LocalReference['repository']): Promise<boolean>
  /**
   * The labels of an image in this server's registry, one record for each platform; empty when that cannot be told. Whoever
   * asks has made sure that they may be read.
   */
  labels(image: LocalReference): Promise<readonly Readonly<Record<string, string>>[]>
  /** A login that acts as this principal: what it may pull is decided when it does. To be used at once, not kept. */
  login(principal: Principal): { readonly username: string; readonly password: string }
}
