import { formatArn, parseArn } from '../../shared/arn.ts'

/** Which repository is meant. Accounts and regions name theirs independently. */
export interface RepositoryName {
  readonly account: string
  readonly region: string
  readonly name: string
}

const ACCOUNT = /^\d{12}$/
/** What the signature of a request may name as its region. */
const REGION = /^[a-z][a-z0-9-]{0,31}$/
/** Amazon's own host names, and those under a domain that leads here, such as `….us-east-1.localhost:8770`. */
const ECR_HOST = /^(\d{12})\.dkr\.ecr(?:-fips)?\.([a-z][a-z0-9-]{0,31})\.[a-z0-9.-]+(?::\d+)?$/i
const COMPONENTS = /^[a-z0-9]+(?:[._-][a-z0-9]+)*(?:\/[a-z0-9]+(?:[._-][a-z0-9]+)*)*$/
const MAXIMUM_LENGTH = 256

export const repositoryArn = ({ account, region, name }: RepositoryName): string =>
  formatArn({ service: 'ecr', region, account, resource: `repository/${name}` })

/** The repository that an ARN names; undefined when it names none. */
export function repositoryOfArn(text: string): RepositoryName | undefined {
  const arn = parseArn(text)
  if (arn?.service !== 'ecr' || !arn.resource.startsWith('repository/')) return undefined
  const name = arn.resource.slice('repository/'.length)
  return isRepositoryName(name) ? { account: arn.account, region: arn.region, name } : undefined
}

export const isRepositoryName = (name: string): boolean =>
  name.length >= 2 && name.length <= MAXIMUM_LENGTH && COMPONENTS.test(name)

/**
 * What stands before a tag in `docker push`. Two accounts may own repositories of one name, and one loopback address
 * serves them all, so the path names account and region: `127.0.0.1:8770/123456789012/us-east-1/models/churn`. Docker
 * speaks plain http to a loopback address without being configured; a host name below `localhost` it would not resolve.
 *
 * @param authority host and port under which clients reach the server
 */
export const repositoryUri = (authority: string, repository: RepositoryName): string =>
  `${authority}/${repositoryPath(repository)}`

export const repositoryPath = ({ account, region, name }: RepositoryName): string => `${account}/${region}/${name}`

/**
 * The repository that a name in the registry's HTTP API stands for: a path of account, region and name, or, when the
 * host is one of ECR's form, the name alone. Undefined when it can be none.
 */
export function repositoryOfPath(host: string, path: string): RepositoryName | undefined {
  const named = ecrHost(host)
  if (named !== undefined) return isRepositoryName(path) ? { ...named, name: path } : undefined
  const [account = '', region = '', ...rest] = path.split('/')
  const name = rest.join('/')
  if (!ACCOUNT.test(account) || !REGION.test(region) || !isRepositoryName(name)) return undefined
  return { account, region, name }
}

/** Account and region in a host name of ECR's form: `<account>.dkr.ecr.<region>.<domain>`. */
export function ecrHost(host: string): Omit<RepositoryName, 'name'> | undefined {
  const match = ECR_HOST.exec(host)
  return match === null ? undefined : { account: match[1] as string, region: (match[2] as string).toLowerCase() }
}
