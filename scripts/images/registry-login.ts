import { type Dispatcher, request } from 'undici'

/**
 * The Authorization header for pulling from and pushing to one repository: what the registry's challenge asks for,
 * undefined when it asks for nothing.
 */
export async function authorizationFor(
  url: string,
  repository: string,
  credentials: { readonly username: string; readonly password: string } | undefined,
  dispatcher: Dispatcher,
): Promise<string | undefined> {
  const answer = await request(`${url}/v2/`, { dispatcher })
  await answer.body.dump()
  if (answer.statusCode === 200) return undefined
  const header = answer.headers['www-authenticate']
  if (answer.statusCode !== 401 || typeof header !== 'string') {
    throw new Error(`${url} is no Docker registry: GET /v2/ answered ${answer.statusCode}`)
  }
  const basic =
    credentials && `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  if (/^basic /i.test(header)) {
    if (basic === undefined) throw new Error(`${url} wants a user name and a password`)
    return basic
  }
  const realm = new URL(parameter(header, 'realm') ?? '')
  realm.searchParams.set('service', parameter(header, 'service') ?? '')
  realm.searchParams.set('scope', `repository:${repository}:pull,push`)
  const token = await request(realm, { dispatcher, headers: basic === undefined ? {} : { authorization: basic } })
  if (token.statusCode !== 200) {
    throw new Error(`${realm.origin} refused a token for ${repository}: ${token.statusCode} ${await token.body.text()}`)
  }
  const { token: bearer } = (await token.body.json()) as { token: string }
  return `Bearer ${bearer}`
}

const parameter = (header: string, name: string): string | undefined =>
  new RegExp(`[ ,]${name}="([^"]*)"`).exec(header)?.[1]
