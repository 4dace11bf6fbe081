import type { Principal } from '../../../access/principal.ts'
import { formatArn } from '../../../shared/arn.ts'
import type { Authorizer } from '../../authorizer.ts'
import type { EcrFacade } from '../../ecr/facade.ts'

/** A repository of this server's registry. */
type Repository = NonNullable<ReturnType<EcrFacade['locate']>>['repository']

/** What pulling an image takes. Source: "Private repository policies" (Amazon ECR User Guide). */
const PULL = ['ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:BatchCheckLayerAvailability']

/**
 * Resolves when the role may pull from a repository of this server's registry. Asked before each start, also of an image
 * that the machine holds already: what somebody else has pulled is no more public for it.
 * @throws AccessDeniedError
 */
export async function requirePull(
  authorizer: Authorizer,
  principal: Principal,
  { account, region, name }: Repository,
): Promise<void> {
  const resource = formatArn({ service: 'ecr', region, account, resource: `repository/${name}` })
  await authorizer.require({ principal, action: 'ecr:GetAuthorizationToken', resource: '*' })
  for (const action of PULL) await authorizer.require({ principal, action, resource })
}
