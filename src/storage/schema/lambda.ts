export interface LambdaTables {
  lambda_functions: LambdaFunctionRow
  lambda_permissions: LambdaPermissionRow
  lambda_tags: LambdaTagRow
  lambda_async_invocations: LambdaAsyncInvocationRow
}

export interface LambdaFunctionRow {
  account: string
  region: string
  name: string
  /** Made anew whenever a function of this name is created. */
  id: string
  /** Changes with every update; environments of an older one are not used again. */
  revision_id: string
  package_type: string
  /** The rest of the configuration, as JSON. */
  settings: string
  /** The function's own environment variables, as sealed JSON; null when it has none. */
  variables: string | null
  /** The zip in the blob store; null for an image. */
  code_blob: string | null
  code_size: number
  /** Of the zip, base64; of an image, its digest in hex. */
  code_sha256: string
  image_uri: string | null
  created_at: number
  modified_at: number
}

export interface LambdaPermissionRow {
  function_id: string
  statement_id: string
  /** The policy statement as JSON. */
  statement: string
  created_at: number
}

export interface LambdaTagRow {
  function_id: string
  key: string
  value: string
}

export interface LambdaAsyncInvocationRow {
  /** The request id of the Invoke call. */
  id: string
  account: string
  region: string
  function_name: string
  /** The event, as sealed JSON text. */
  payload: string
  client_context: string | null
  /** How often the function has failed on it. */
  failures: number
  created_at: number
}
