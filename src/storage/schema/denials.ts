/** Refusals, for whoever asks why. Written in groups and pruned: see services/iam/denials. */
export interface DenialTables {
  access_denials: DenialRow
  access_explanations: ExplanationRow
}

export interface DenialRow {
  id: string
  /** A request can be refused several things (DeleteObjects): not unique. */
  request_id: string
  at: number
  /** An ARN, a service's name, or `anonymous`. */
  principal: string
  /** Empty for services and the anonymous. */
  principal_account: string
  /** The resource's owner. */
  resource_account: string
  action: string
  resource: string
  /** `identity`, `resource`, `trust`, `boundary` or `session`. */
  policy_type: string
  /** Whether a statement denies. */
  explicit: number
  /** Refusals that come in floods share one; it may be gone before the refusal is. */
  explanation_id: string
}

export interface ExplanationRow {
  id: string
  at: number
  /** Packed DenialDetails. */
  document: string
}
