import { readFile } from 'node:fs/promises'
import type { Principal } from '../../../access/principal.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { LambdaFacade } from '../../lambda/facade.ts'
import type { ResolvedContainer } from '../models/resolved-container.ts'
import { credentialsMissing, credentialsNotRetrieved } from './failure-reason.ts'
import { HostingError } from './hosting-error.ts'

export interface RegistryCredentials {
  readonly username: string
  readonly password: string
}

/** How the platform logs in to a registry that the configuration lists. */
export interface PlatformRegistry {
  readonly credentialsFunction?: string | undefined
  readonly username?: string | undefined
  readonly passwordFile?: string | undefined
}

/**
 * Fetches the login for an image, anew at each deployment. The result is used and forgotten: it must not reach a log, a
 * label or a row.
 */
export async function fetchRegistryCredentials(
  container: ResolvedContainer,
  platform: PlatformRegistry | undefined,
  lambda: LambdaFacade,
  role: () => Principal,
  signal: AbortSignal,
): Promise<RegistryCredentials | undefined> {
  const functionArn = container.credentialsProviderArn ?? platform?.credentialsFunction
  if (functionArn !== undefined) return invokeProvider(functionArn, lambda, role(), signal)
  if (platform?.username === undefined || platform.passwordFile === undefined) return undefined
  try {
    return { username: platform.username, password: (await readFile(platform.passwordFile, 'utf8')).trim() }
  } catch (cause) {
    throw new HostingError('The password file that the configuration names for this registry cannot be read.', {
      transient: false,
      cause,
    })
  }
}

async function invokeProvider(
  functionArn: string,
  lambda: LambdaFacade,
  role: Principal,
  signal: AbortSignal,
): Promise<RegistryCredentials> {
  const refuse = (detail: string, transient: boolean, cause?: unknown) =>
    new HostingError(credentialsNotRetrieved(functionArn, detail, cause), { transient, cause })
  try {
    const result = await lambda.invoke(role, functionArn, Buffer.from('{}'), signal)
    if (result.functionError !== undefined) throw refuse(`the function failed (${errorType(result.payload)})`, false)
    const credentials = parseCredentials(result.payload)
    if (credentials === undefined) throw new HostingError(credentialsMissing(functionArn), { transient: false })
    return credentials
  } catch (error) {
    if (error instanceof ServiceError) throw refuse(error.message, error.status >= 500 || error.status === 429, error)
    throw error
  }
}

/** The kind of a function's error. Its message stays out: a careless function may put a secret there. */
function errorType(payload: Uint8Array): string {
  const document = parse(payload)
  const type = isRecord(document) ? document.errorType : undefined
  if (typeof type === 'string' && /^[\w.]{1,64}$/.test(type)) return type
  return isRecord(document) && /^.{0,80}Task timed out after [\d.]+ seconds$/.test(String(document.errorMessage))
    ? 'Task timed out'
    : 'unknown error'
}

/** `{"Credentials":{"Username":…,"Password":…}}`; anything else is undefined. */
export function parseCredentials(payload: Uint8Array): RegistryCredentials | undefined {
  const document = parse(payload)
  const credentials = isRecord(document) ? document.Credentials : undefined
  if (!isRecord(credentials)) return undefined
  const { Username: username, Password: password } = credentials
  return typeof username === 'string' && username !== '' && typeof password === 'string'
    ? { username, password }
    : undefined
}

function parse(payload: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(payload).toString('utf8'))
  } catch {
    return undefined
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
