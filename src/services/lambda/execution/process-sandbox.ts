import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { killUser } from './kill-user.ts'
import { memoryOf, processTree, proportionalMemoryOf } from './process-memory.ts'
import type { Sandbox, SandboxEnd } from './sandbox.ts'

export interface ProcessSpec {
  /** Program and arguments; shown by `ps`, so nothing secret. */
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  /** Who the process is; absent: the server's own user. */
  readonly identity: { readonly uid?: number; readonly gid?: number }
  readonly memoryBytes: number
  /** Of the largest file it may write. */
  readonly fileBytes: number
}

const OPEN_FILES = 1024
const PROCESSES = 1024

/**
 * Starts a process in a session of its own: no input, no inherited descriptors, no way to more rights (set-user-id
 * programs included), limits on files, processes and core dumps, the first to go when the machine is short of memory,
 * and killed by the kernel when the server dies.
 */
export function startProcess(spec: ProcessSpec): Sandbox {
  const { uid, gid } = spec.identity
  const limits = [
    'ulimit -c 0',
    `ulimit -n ${OPEN_FILES}`,
    `ulimit -f ${Math.ceil(spec.fileBytes / 512)}`,
    // The count is of all processes of the user, so it only makes sense for a user that has no others. Shells differ in the letter.
    ...(uid === undefined
      ? []
      : [`if (ulimit -u ${PROCESSES}) 2>/dev/null; then ulimit -u ${PROCESSES}; else ulimit -p ${PROCESSES}; fi`]),
    'echo 900 2>/dev/null >/proc/self/oom_score_adj',
    'exec "$@"',
  ]
  const guard = existsSync(SETPRIV) ? [SETPRIV, '--no-new-privs', '--pdeathsig', 'KILL', '--'] : []
  const child = spawn('/bin/sh', ['-c', limits.join('\n'), 'sh', ...guard, ...spec.command], {
    cwd: spec.directory,
    env: { ...spec.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  let outOfMemory = false
  const ended = new Promise<SandboxEnd>((resolve) => {
    child.once('error', (failure) => resolve({ exitCode: null, signal: null, outOfMemory, failure }))
    child.once('exit', (exitCode, signal) => {
      // What it has started goes with it, or would hold its output open and run on unseen.
      void killAll(child, uid).then(() => resolve({ exitCode, signal, outOfMemory }))
    })
  })
  return {
    output: [child.stdout!, child.stderr!],
    ended,
    memory() {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return 0
      const tree = processTree(child.pid, uid)
      const simple = memoryOf(tree)
      const used = simple > spec.memoryBytes ? proportionalMemoryOf(tree) || simple : simple
      if (used > spec.memoryBytes) {
        outOfMemory = true
        void killAll(child, uid)
      }
      return used
    },
    async kill() {
      // Once it has ended, its number may belong to another process.
      if (child.exitCode === null && child.signalCode === null) await killAll(child, uid)
      await ended
    },
  }
}

const SETPRIV = '/usr/bin/setpriv'

/** Kills the process group, known descendants, and everything else that runs as `uid`, which is this environment's alone. */
async function killAll(child: ChildProcess, uid: number | undefined): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  const members = uid === undefined ? processTree(pid) : []
  for (const target of [-pid, ...members]) {
    try {
      process.kill(target, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
  if (uid === undefined) return
  await killUser(uid)
}
