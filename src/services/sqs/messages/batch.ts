import { ServiceError } from '../../../wire/service-error.ts'
import { emptyBatch, idsNotDistinct, invalidEntryId, tooManyEntries } from '../errors.ts'

interface Entry {
  readonly Id: string
}

interface FailedEntry {
  readonly Id: string
  readonly SenderFault: boolean
  readonly Code: string
  readonly Message: string
}

const ID = /^[A-Za-z0-9_-]{1,80}$/

/** @throws the errors of a batch as a whole; `entry` is what its entries are called in the query protocol */
export function checkBatch(entries: readonly Entry[], entry: string): void {
  if (entries.length === 0) throw emptyBatch(entry)
  if (entries.length > 10) throw tooManyEntries(entries.length)
  const seen = new Set<string>()
  for (const { Id } of entries) {
    if (!ID.test(Id)) throw invalidEntryId()
    if (seen.has(Id)) throw idsNotDistinct(Id)
    seen.add(Id)
  }
}

/** What a batch answers: each entry by itself, the ServiceErrors of some beside the results of others. */
export function sortOut<One extends Entry, Result>(
  entries: readonly One[],
  handle: (entry: One) => Result,
): { readonly done: readonly Result[]; readonly Failed: FailedEntry[] } {
  const done: Result[] = []
  const Failed: FailedEntry[] = []
  for (const entry of entries) {
    try {
      done.push(handle(entry))
    } catch (error) {
      if (!(error instanceof ServiceError) || error.status >= 500) throw error
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message })
    }
  }
  return { done, Failed }
}
