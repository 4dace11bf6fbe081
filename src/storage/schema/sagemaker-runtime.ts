/** Which instance of an endpoint holds a stateful session. */
export interface RuntimeSessionsTable {
  /** `account/region/endpoint-name`, the name in lower case. */
  readonly route_key: string
  readonly session_id: string
  readonly instance_id: string
  /** Epoch milliseconds. */
  readonly expires_at: number
}

export interface SagemakerRuntimeTables {
  readonly runtime_sessions: RuntimeSessionsTable
}
