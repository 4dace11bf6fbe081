import type { AuthorizationTable } from '../authorization.ts'

/** InvokeEndpoint takes a road of its own through the gateway, which asks for `sagemaker:InvokeEndpoint` there. */
export const sagemakerRuntimeAuthorization: AuthorizationTable = {}
