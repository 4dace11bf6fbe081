import { setTimeout as delay } from 'node:timers/promises'
import { type ContainerEvent, type ContainerState, RuntimeError } from '../container-runtime.ts'
import type { EventMessage } from './api-types.ts'
import { visibleLabels } from './container-state.ts'
import { inspectContainer, labelFilters, listContainers } from './containers.ts'
import { type Engine, INSTALLATION_LABEL } from './engine.ts'
import { transportError } from './engine-client.ts'
import { jsonLines } from './json-lines.ts'

type Labels = Readonly<Record<string, string>>

const FIRST_PAUSE = 250
const LONGEST_PAUSE = 10_000
/** Podman says `died` where Docker says `die`. */
const ACTIONS = ['start', 'die', 'died', 'oom']

/** See ContainerRuntime.watch. The stream tells at once; the list at each (re)connection tells what it has missed. */
export async function* watchEvents(
  engine: Engine,
  labels: Labels,
  signal: AbortSignal,
): AsyncGenerator<ContainerEvent> {
  const ledger = createLedger()
  let pause = FIRST_PAUSE
  while (!signal.aborted) {
    try {
      for await (const event of watchOnce(engine, labels, ledger, signal)) {
        pause = FIRST_PAUSE
        yield event
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof RuntimeError)) throw error
      engine.log.debug({ err: error }, 'the container engine’s events cannot be read, trying again')
    }
    await delay(pause * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {})
    pause = Math.min(pause * 2, LONGEST_PAUSE)
  }
}

async function* watchOnce(engine: Engine, labels: Labels, ledger: Ledger, outer: AbortSignal) {
  const connection = new AbortController()
  const signal = AbortSignal.any([outer, connection.signal])
  try {
    const filters = labelFilters(engine, labels, { type: ['container'], event: ACTIONS })
    // Opened before the list is read, so that nothing falls between the two. Engines send the head of their answer with
    // the first event at the latest; an idle one may take its time.
    const opening = engine.client.open('GET', '/events', { signal, query: { filters }, timeout: 0 })
    opening.catch(() => {})
    for (const event of ledger.reconcile(await listContainers(engine, labels, signal)))
      yield await withExitCode(engine, event, signal)
    for await (const message of jsonLines<EventMessage>(unbroken(await opening, engine, signal))) {
      // Podman takes several label filters as alternatives.
      if (!carries(message.Actor?.Attributes ?? {}, { ...labels, [INSTALLATION_LABEL]: engine.installation })) continue
      const event = ledger.note(message)
      if (event !== undefined) yield await withExitCode(engine, event, signal)
    }
  } finally {
    connection.abort()
  }
}

/** The bytes of a stream; that it breaks off, as when the engine is restarted, is the engine being away. */
async function* unbroken(stream: AsyncIterable<Buffer>, engine: Engine, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* stream
  } catch (error) {
    throw transportError(error, engine.client.address, 'GET /events', signal)
  }
}

/**
 * Podman may announce a container that it ends with code 0, and go on saying so when asked, or in its list, until it has taken
 * the code down. So its 0 means nothing here; any other code is right, while it can be asked.
 */
async function withExitCode(engine: Engine, event: ContainerEvent, signal: AbortSignal): Promise<ContainerEvent> {
  if (engine.flavour === 'docker' || event.kind !== 'ended' || event.exitCode !== 0) return event
  const exitCode = (await inspectContainer(engine, event.id, signal))?.exitCode
  return { ...event, exitCode: exitCode === 0 ? undefined : exitCode }
}

const carries = (attributes: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => attributes[name] === value)

/** What has been seen running and what has been reported, so that each end is reported once. */
interface Ledger {
  note(message: EventMessage): ContainerEvent | undefined
  reconcile(containers: readonly ContainerState[]): ContainerEvent[]
}

export function createLedger(): Ledger {
  const running = new Map<string, Labels>()
  const reported = new Set<string>()

  function ended(id: string, labels: Labels, exitCode: number | undefined): ContainerEvent | undefined {
    running.delete(id)
    if (reported.has(id)) return undefined
    reported.add(id)
    return { kind: 'ended', id, labels, exitCode }
  }

  return {
    note({ Action: action, Actor: actor }) {
      const id = actor?.ID
      if (id === undefined) return undefined
      const attributes = actor?.Attributes ?? {}
      const labels = eventLabels(attributes)
      if (action === 'start') running.set(id, labels)
      if (action === 'oom') return { kind: 'out-of-memory', id, labels, exitCode: undefined }
      if (action !== 'die' && action !== 'died') return undefined
      const code = Number.parseInt(attributes.exitCode ?? attributes.containerExitCode ?? '', 10)
      return ended(id, labels, Number.isNaN(code) ? undefined : code)
    },

    reconcile(containers) {
      const events: (ContainerEvent | undefined)[] = []
      const present = new Set(containers.map((container) => container.id))
      for (const id of reported) if (!present.has(id)) reported.delete(id)
      for (const [id, labels] of [...running]) if (!present.has(id)) events.push(ended(id, labels, undefined))
      for (const { id, labels, running: runs, exitCode, outOfMemory } of containers) {
        if (runs) running.set(id, labels)
        if (runs || exitCode === undefined || reported.has(id)) continue
        if (outOfMemory) events.push({ kind: 'out-of-memory', id, labels, exitCode: undefined })
        events.push(ended(id, labels, exitCode))
      }
      return events.filter((event) => event !== undefined)
    },
  }
}

/** An event's attributes are the container's labels and a few words of the engine's own. */
const ENGINE_ATTRIBUTES = ['image', 'name', 'exitCode', 'execDuration', 'containerExitCode', 'signal', 'podId']

function eventLabels(attributes: Labels): Labels {
  const entries = Object.entries(attributes).filter(([name]) => !ENGINE_ATTRIBUTES.includes(name))
  return visibleLabels(Object.fromEntries(entries))
}
