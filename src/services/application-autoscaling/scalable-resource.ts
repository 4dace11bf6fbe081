import { formatArn, parseArn } from '../../shared/arn.ts'
import { notImplemented } from '../../wire/service-error.ts'
import { invalid } from './errors.ts'

export const NAMESPACE = 'sagemaker'
export const DIMENSION = 'sagemaker:variant:DesiredInstanceCount'

export interface Owner {
  readonly account: string
  readonly region: string
}

/** A variant that can be scaled. */
export interface ScalableResource {
  readonly endpoint: string
  readonly variant: string
  /** `endpoint/<endpoint>/variant/<variant>` */
  readonly id: string
}

/** @throws NotImplemented for services and dimensions that are not scaled */
export function requireScalable(namespace: string, dimension: string = DIMENSION): void {
  if (namespace !== NAMESPACE) throw notImplemented(`Scaling of the service namespace ${namespace}`)
  if (dimension === DIMENSION) return
  if (!dimension.startsWith(`${NAMESPACE}:`))
    throw invalid(`Unsupported service namespace, resource type or scalable dimension: ${dimension}`)
  throw notImplemented(`The scalable dimension ${dimension}`)
}

/** @throws ValidationException, and NotImplemented for what other dimensions scale */
export function readResource(request: {
  readonly ServiceNamespace: string
  readonly ResourceId: string
  readonly ScalableDimension: string
}): ScalableResource {
  requireScalable(request.ServiceNamespace, request.ScalableDimension)
  const id = request.ResourceId
  const [, endpoint, variant] = /^endpoint\/([A-Za-z0-9-]{1,63})\/variant\/([A-Za-z0-9-]{1,63})$/.exec(id) ?? []
  if (endpoint === undefined || variant === undefined)
    throw invalid(`Unsupported service namespace, resource type or scalable dimension: ${id.slice(0, 256)}`)
  return { endpoint, variant, id }
}

export const targetArn = ({ account, region }: Owner, id: string): string =>
  formatArn({ service: 'application-autoscaling', region, account, resource: `scalable-target/${id}` })

/** Undefined for what is no scalable target's ARN. */
export function targetOfArn(text: string): (Owner & { readonly id: string }) | undefined {
  const arn = parseArn(text)
  const id = /^scalable-target\/([A-Za-z0-9-]+)$/.exec(arn?.resource ?? '')?.[1]
  if (arn?.partition !== 'aws' || arn.service !== 'application-autoscaling' || id === undefined) return undefined
  return { account: arn.account, region: arn.region, id }
}

export const policyArn = ({ account, region }: Owner, id: string, resource: string, name: string): string =>
  formatArn({
    ...{ service: 'autoscaling', region, account },
    resource: `scalingPolicy:${id}:resource/${NAMESPACE}/${resource}:policyName/${name}`,
  })

export const scheduledActionArn = ({ account, region }: Owner, id: string, resource: string, name: string): string =>
  formatArn({
    ...{ service: 'autoscaling', region, account },
    resource: `scheduledAction:${id}:resource/${NAMESPACE}/${resource}:scheduledActionName/${name}`,
  })

/** The id within the ARN of a policy that could be one of ours; undefined for other texts. */
export const policyIdOf = (arn: string): string | undefined =>
  /^arn:aws:autoscaling:[^:]*:[^:]*:scalingPolicy:([0-9a-f-]{36}):resource\//.exec(arn)?.[1]
