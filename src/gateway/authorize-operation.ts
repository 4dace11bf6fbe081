import type { Authorizer } from '../services/authorizer.ts'
import type { RequestContext } from '../services/operation.ts'
import type { Service } from '../services/registry.ts'
import { notImplemented } from '../wire/service-error.ts'

/**
 * Asks for everything that an operation needs, in the order of its row, before its handler runs.
 * @throws AccessDeniedError, a ServiceError in the words of the service, for the first need that is not met
 */
export async function authorizeOperation(
  authorizer: Authorizer,
  { id, authorization, description }: Service,
  operation: string,
  input: unknown,
  context: RequestContext,
): Promise<void> {
  const needsOf = Object.hasOwn(authorization, operation) ? authorization[operation] : undefined
  // What nobody has thought about is nobody's to call.
  if (needsOf === undefined) throw notImplemented(`${description.signingName}:${operation}`)
  const { principal, origin } = context
  for (const need of await needsOf(input as never, context))
    await authorizer.require({ ...need, principal, origin, service: id })
}
