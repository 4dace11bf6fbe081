import type { Readable } from 'node:stream'

/** What runs a function's code: a process with its descendants, or a container. */
export interface Sandbox {
  /** What the code prints; undefined where output takes another way. */
  readonly output: readonly Readable[]
  /** Resolves once the code no longer runs. */
  readonly ended: Promise<SandboxEnd>
  /** Bytes it uses now; undefined when the engine itself holds the limit. */
  memory(): number | undefined
  /** Ends everything that runs in it, at once. Resolves when it has ended; may be called again. */
  kill(): Promise<void>
}

export interface SandboxEnd {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly outOfMemory: boolean
  /** Why it could not even start. */
  readonly failure?: Error
}

/** How the API words an end that nobody asked for. */
export function endSentence({ exitCode, signal, outOfMemory }: SandboxEnd): string {
  if (outOfMemory) return 'Runtime exited with error: signal: killed'
  if (signal !== null) return `Runtime exited with error: signal: ${SIGNAL_NAMES[signal] ?? signal}`
  return exitCode === 0
    ? 'Runtime exited without providing a reason'
    : `Runtime exited with error: exit status ${exitCode}`
}

const SIGNAL_NAMES: Partial<Record<NodeJS.Signals, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
  SIGTRAP: 'trace/breakpoint trap',
  SIGXCPU: 'CPU time limit exceeded',
  SIGXFSZ: 'file size limit exceeded',
}
