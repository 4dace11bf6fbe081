/** Tables of the storage layer itself and of the work queue. */
export interface CoreTables {
  changes: ChangesTable
  work_items: WorkItemsTable
}

/** What the change feed carries. Old rows are pruned; the newest always stays, so that `seq` never starts again. */
export interface ChangesTable {
  /** Dense and ascending in commit order. */
  seq: number
  topic: string
  key: string
  at: number
}

export interface WorkItemsTable {
  kind: string
  key: string
  /** From when on the item may be leased. While it is leased: when the lease runs out. */
  due_at: number
  /** When to run again, if the item was enqueued while it was leased. */
  again_at: number | null
  /** The worker that holds the lease. */
  lease_owner: string | null
  /** How often the item has been leased; with the owner it names one lease. */
  lease_number: number
  /** Failures in a row. */
  attempts: number
  last_error: string | null
}
