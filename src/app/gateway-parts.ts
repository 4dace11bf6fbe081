import { rootPrincipal } from '../access/principals.ts'
import { version } from '../cli/version.ts'
import { trustingAuthenticator, verifyingAuthenticator } from '../gateway/authenticate.ts'
import { BodyMemory } from '../gateway/body-memory.ts'
import type { GatewayParts } from '../gateway/gateway.ts'
import type { CloudwatchFacade } from '../services/cloudwatch/facade.ts'
import { createImageRegistry } from '../services/ecr/distribution/answer-registry.ts'
import { DEFAULT_ACCOUNT } from '../services/iam/root-credentials.ts'
import type { Foundation } from './foundation.ts'
import type { Access } from './join-access.ts'
import type { BaseServices } from './join-base-services.ts'

interface Further extends Pick<GatewayParts, 'services' | 'runtime' | 'accessLog'> {
  readonly cloudwatch: CloudwatchFacade
  /** Of whoever asks for metrics; undefined where everybody may. */
  readonly metricsToken: string | undefined
  readonly isReady: () => boolean
}

/** What the gateway answers requests with. */
export function gatewayParts(
  { config, engine, runtime, clock, log }: Foundation,
  { authorizer, credentials }: Access,
  { ecrDeps, sns }: BaseServices,
  { cloudwatch, metricsToken, isReady, ...further }: Further,
): GatewayParts {
  const trusting = config.auth === 'trust'
  return {
    ...further,
    authenticator: trusting
      ? trustingAuthenticator(credentials, rootPrincipal(DEFAULT_ACCOUNT), config.region)
      : verifyingAuthenticator(credentials, config.region),
    authorizer,
    imageRegistry: createImageRegistry({ ...ecrDeps, trusting, log }),
    bodyMemory: new BodyMemory(config.limits.invocationMemoryBytes),
    bodyPace: config.limits,
    certificates: sns.certificateAt,
    metrics: { text: () => cloudwatch.prometheus(), token: metricsToken },
    health: () => ({
      ...{ ready: isReady(), version, workers: config.workers, runtime: runtime.name },
      engine: engine && (engine.problem === undefined ? 'ok' : 'away'),
    }),
    clock,
    publicUrl: config.publicUrl,
    s3Domains: config.s3Domains,
    log,
  }
}
