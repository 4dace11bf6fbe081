import type { RegistryError } from '../../../registries/registry-error.ts'
import type { RuntimeError } from '../../../runtime/container-runtime.ts'
import { denialHint } from '../denial-hint.ts'

/**
 * The FailureReasons of endpoints. The first sentence is the service's own where one is known, from what users have
 * shown of it; what Slipway knows beyond it follows, so that the reader can act.
 */

const MAX_REASON = 1024
/** As much of a reason's first sentences stays in any case, however long the rest is. */
const MIN_START = 200

/** Something that is nobody's fault but Slipway's. */
export const INTERNAL_FAILURE =
  'Request to service failed. If failure persists after retry, the log of the server says more.'

/** How a lone container is called; several have names. */
const LONE = 'primary'

/** @param containers all that failed, by name */
export const pingFailed = (variant: string, detail: string, containers: readonly string[] = [LONE]): string =>
  shorten(
    `The ${containers.join(', ')} ${containers.length === 1 ? 'container' : 'containers'} for production variant ${variant} did not pass the ping health check. Please check CloudWatch logs for this endpoint. ${detail}`,
  )

const imageUnavailable = (variant: string, container: string): string =>
  `The ${container} container for production variant ${variant} could not be started. Please make sure all images included in the model for the production variant ${variant} exist, and that the execution role used to create the model has permissions to access them.`

/** Where the login for a registry came from. */
export type LoginSource = 'function' | 'configuration' | 'ecr' | 'nowhere'

const LOGIN_ADVICE: Readonly<Record<LoginSource, string>> = {
  function: 'Check the credentials that the function of RepositoryCredentialsProviderArn returns.',
  configuration: "Check the login that the server's configuration names for this registry.",
  ecr: 'Check that the execution role may pull from this repository.',
  nowhere:
    "Name a function in the model's ImageConfig.RepositoryAuthConfig, or the registry's login in the server's configuration.",
}

export function imageNotResolved(
  variant: string,
  image: string,
  login: LoginSource,
  error: RegistryError,
  container: string = LONE,
): string {
  switch (error.reason) {
    case 'unknown-host':
    case 'unreachable':
    case 'rate-limited':
    case 'server-error': {
      const sentence = `Unable to reach the registry ${error.host}`
      const detail = withoutStart(error.message, `${sentence}: `)
      return shorten(
        `${sentence} for image ${image}: ${detail} Check the host name, and that the registry answers from this machine.`,
      )
    }
    case 'untrusted-certificate':
    case 'plain-http': {
      const advice = error.reason === 'plain-http' ? 'plainHttpRegistries names' : 'caFile names the authorities of'
      return shorten(
        `The registry ${error.host} of image ${image} is not trusted. ${error.message} In the server's configuration, ${advice} registries that are to be trusted.`,
      )
    }
    case 'unauthorized':
    case 'denied': {
      const sentence = `Authentication failed for ${error.host}: `
      return shorten(
        `${sentence}${withoutStart(error.message, sentence)} ${LOGIN_ADVICE[login]} The image is ${image}.`,
      )
    }
    case 'unsupported-manifest':
      return shorten(`${error.message} Ensure that valid manifest media type is used for specified image.`)
    default:
      return shorten(`${imageUnavailable(variant, container)} The image is ${image}. ${error.message}`)
  }
}

const withoutStart = (text: string, start: string): string => (text.startsWith(start) ? text.slice(start.length) : text)

export function imageNotPulled(variant: string, image: string, error: RuntimeError, container: string = LONE): string {
  if (error.reason === 'unauthorized')
    return shorten(`Authentication failed while pulling image ${image}. ${error.message}`)
  if (error.reason === 'registry-unreachable' || error.reason === 'untrusted-certificate')
    return shorten(`The container engine could not reach the registry of image ${image}. ${error.message}`)
  if (error.reason === 'no-space')
    return shorten(`There is no space left on the machine for image ${image}. ${error.message}`)
  return shorten(`${imageUnavailable(variant, container)} The image is ${image}. ${error.message}`)
}

export function containerNotStarted(variant: string, error: RuntimeError, container: string = LONE): string {
  const start = `The ${container} container for production variant ${variant} could not be started:`
  if (error.reason === 'bad-entrypoint')
    return shorten(`${start} the ENTRYPOINT of its image cannot be run with the argument serve. ${error.message}`)
  return shorten(`${start} ${error.message}`)
}

export const ROLE_REQUIRED =
  'The model has no execution role, but its image or its model data can only be fetched as one. Create the model with an ExecutionRoleArn.'

export const roleNotAssumable = (role: string): string =>
  `The execution role ARN "${role}" is invalid. Please ensure that the role exists and that its trust relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".`

export const credentialsNotRetrieved = (functionArn: string, detail: string, cause?: unknown): string => {
  const start = `ClientError: Failed to retrieve registry credentials from ${functionArn}:`
  return cause instanceof Error ? withDenial(start, cause) : shorten(`${start} ${detail}`)
}

export const credentialsMissing = (functionArn: string): string =>
  `ClientError: The response of ${functionArn} is missing Credentials.`

export const imageDenied = (variant: string, image: string, error: Error, container: string = LONE): string =>
  withDenial(`${imageUnavailable(variant, container)} The image is ${image}.`, error)

/**
 * A reason with what refused: the principal, the action, the resource and the kind of policy, and how to ask why. They
 * stay whole where something has to be cut.
 */
export function withDenial(start: string, error: Error): string {
  const end = denialHint(error)
  const room = MAX_REASON - end.length - 1
  const said = cut(error.message, room - Math.min(start.length, MIN_START))
  return `${cut(start, room - said.length)} ${said}${end}`.trim()
}

const cut = (text: string, length: number): string =>
  text.length <= length ? text : `${text.slice(0, Math.max(0, length - 1))}…`

const shorten = (text: string): string => cut(text.trim(), MAX_REASON)
