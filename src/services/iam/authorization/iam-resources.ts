import { parseArn } from '../../../shared/arn.ts'
import type { ResourceDirectory } from '../../authorizer.ts'
import type { IamDeps } from '../iam-deps.ts'
import { lookUpPolicy } from '../managed-policies/policy-store.ts'
import { findRoleByArn } from '../roles/role-store.ts'
import { tagsByKey } from '../tag-list.ts'
import { findUserByArn } from '../users/user-store.ts'

/**
 * Roles, users and policies as resources: whose they are, and their tags. The trust policy of a role is about taking the
 * role alone, not about reading or changing it, so STS brings it along when it asks.
 */
export const createIamResources = (deps: Pick<IamDeps, 'database'>): ResourceDirectory => ({
  find(resource) {
    const account = parseArn(resource)?.account ?? ''
    // AWS's own policies are everybody's.
    if (account === 'aws') return { account: '' }
    return { account, tags: () => readTags(deps, account, resource) }
  },
})

async function readTags(
  deps: Pick<IamDeps, 'database'>,
  account: string,
  resource: string,
): Promise<Readonly<Record<string, string>>> {
  return tagsByKey((await readJson(deps, account, resource)) ?? '[]')
}

async function readJson(deps: Pick<IamDeps, 'database'>, account: string, resource: string) {
  switch (/^arn:aws:iam::\d{12}:(role|user|policy)\//.exec(resource)?.[1]) {
    case 'role':
      return (await findRoleByArn(deps, resource))?.tags
    case 'user':
      return (await findUserByArn(deps, resource))?.tags
    case 'policy': {
      const found = await lookUpPolicy(deps, account, resource)
      return found?.origin === 'account' ? found.row.tags : undefined
    }
    default:
      return undefined
  }
}
