import { isEcrHost, parseImageReference } from '../../../registries/image-reference.ts'
import { authConfigWithPlatform, invalidImage, invalidProvider, nonEcrImage, vpcConfigMissing } from './errors.ts'
import type { ResolvedContainer } from './resolved-container.ts'

/** Where images may come from, as the configuration and the model say. */
export interface ImageAccess {
  /** Registries (`host` or `host:port`) that count as the platform's own, besides Amazon ECR. */
  readonly platformHosts: ReadonlySet<string>
  /** Whether the image lies in this server's own registry. */
  readonly isOwnImage: (image: string) => boolean
  readonly hasVpcConfig: boolean
}

const FUNCTION_ARN = /^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:\S+$/

/** Refuses an image that is no reference, and a registry that the model's settings do not reach. */
export function checkImage(container: ResolvedContainer, access: ImageAccess): void {
  const { image, repositoryAccessMode: mode, credentialsProviderArn: provider } = container
  const reference = parseImageReference(image)
  if (reference === undefined) throw invalidImage(image)
  if (mode === 'Platform') {
    if (provider !== undefined) throw authConfigWithPlatform(image)
    const ofPlatform = isEcrHost(reference.host) || access.platformHosts.has(reference.host) || access.isOwnImage(image)
    if (!ofPlatform) throw nonEcrImage(image)
    return
  }
  if (!access.hasVpcConfig) throw vpcConfigMissing(image)
  if (provider !== undefined && !FUNCTION_ARN.test(provider)) throw invalidProvider(provider)
}
