import type { Clock } from '../../../shared/clock.ts'
import { randomText } from '../../../shared/ids.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { Database } from '../../../storage/database.ts'
import type { DenialRow, ExplanationRow } from '../../../storage/schema/denials.ts'
import type { Logger } from '../../../telemetry/log.ts'
import type { Denial, DenialRecorder } from '../authorization/create-authorizer.ts'
import { MAX_RESOURCE, sealMessage } from './authorization-message.ts'
import { describeDenial } from './denial-details.ts'
import { ANONYMOUS, DENIAL_LIMITS, type DenialLimits, insertDenials, pruneDenials } from './denial-store.ts'
import { ExplanationSharing } from './explanation-sharing.ts'
import { packDetails } from './packed-details.ts'

interface RecorderDeps {
  readonly database: Database
  /** Seals what refusals carry. */
  readonly masterKey: SealedBox
  readonly clock: Clock
  readonly log: Logger
  /** What is kept; smaller in tests. */
  readonly limits?: DenialLimits
}

/** Refusals that wait for the disk at most; more are not written down. */
const MAX_WAITING = 5_000
/** How long, in milliseconds, a refusal is held back for its record. */
const PATIENCE = 1_000
/** After so many rows this worker prunes, so that a flood does not have to wait for the work item. */
const PRUNE_EVERY = 1_000
/** Milliseconds between refusals of callers without a name that are written down. */
const ANONYMOUS_INTERVAL = 1_000

interface Batch {
  readonly denials: DenialRow[]
  readonly explanations: ExplanationRow[]
  readonly written: Promise<void>
}

/**
 * Writes refusals down. All that come while a commit is under way are the next one, so a flood costs no more commits
 * than a trickle. What cannot be written is lost, and said once in the log: a refusal stands without its record.
 */
export function createDenialRecorder(deps: RecorderDeps): DenialRecorder {
  const { database, masterKey, clock, log, limits = DENIAL_LIMITS } = deps
  const sharing = new ExplanationSharing()
  const worker = randomText(6)
  let sequence = 0
  let waiting: Batch | undefined
  let underWay: Promise<void> = Promise.resolve()
  let rowsSincePrune = 0
  let lastAnonymous = Number.NEGATIVE_INFINITY
  let lost = 0

  const nextId = (at: number) => `${at.toString(36)}-${(sequence++).toString(36).padStart(8, '0')}-${worker}`

  function add(batch: Batch, denial: Denial): void {
    let explanationId = sharing.find(denial)
    if (explanationId === undefined) {
      explanationId = nextId(denial.at)
      sharing.note(denial, explanationId)
      batch.explanations.push({ id: explanationId, at: denial.at, document: packDetails(describeDenial(denial)) })
    }
    batch.denials.push(toRow(denial, nextId(denial.at), explanationId))
  }

  function openBatch(): Batch {
    const denials: DenialRow[] = []
    const explanations: ExplanationRow[] = []
    const written = underWay.then(() => {
      waiting = undefined
      return write(denials, explanations)
    })
    underWay = written
    return { denials, explanations, written: withPatience(written) }
  }

  async function write(denials: readonly DenialRow[], explanations: readonly ExplanationRow[]): Promise<void> {
    rowsSincePrune += denials.length
    const prune = rowsSincePrune >= PRUNE_EVERY ? pruneDenials(database, clock.now(), limits) : []
    try {
      await database.commit([...insertDenials(database, denials, explanations), ...prune])
      if (prune.length > 0) rowsSincePrune = 0
      if (lost > 0) log.info({ lost }, 'refusals can be written down again')
      lost = 0
    } catch (err) {
      miss(denials.length, err)
    }
  }

  function miss(count: number, err?: unknown): void {
    if (lost === 0) log.warn({ err }, 'refusals cannot be written down; slipway explain will not know them')
    lost += count
  }

  return {
    record(denial) {
      if (denial.request.principal.kind === 'anonymous') {
        if (denial.at - lastAnonymous < ANONYMOUS_INTERVAL) return Promise.resolve()
        lastAnonymous = denial.at
      }
      waiting ??= openBatch()
      if (waiting.denials.length >= MAX_WAITING) {
        miss(1)
        return Promise.resolve()
      }
      try {
        add(waiting, denial)
      } catch (err) {
        miss(1, err)
      }
      return waiting.written
    },
    // Nobody gave an anonymous caller an administrator.
    encode: (denial) => (denial.request.principal.kind === 'anonymous' ? undefined : sealMessage(masterKey, denial)),
  }
}

function toRow({ id: requestId, at, request, decision }: Denial, id: string, explanationId: string): DenialRow {
  const { principal } = request
  return {
    id,
    request_id: requestId,
    at,
    principal: principal.kind === 'anonymous' ? ANONYMOUS : principal.arn,
    principal_account: principal.account,
    resource_account: request.resourceAccount === '' ? principal.account : request.resourceAccount,
    action: request.action,
    resource: request.resource.slice(0, MAX_RESOURCE),
    policy_type: decision.policyType,
    explicit: decision.explicit ? 1 : 0,
    explanation_id: explanationId,
  }
}

/** Resolves with the promise, or without it when that takes too long. */
function withPatience(written: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, PATIENCE)
    void written.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
