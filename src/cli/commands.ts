import type { Command } from './command.ts'

/** A command by name. Its code is loaded when it is called: `serve` must not wait for what only `doctor` needs. */
export interface CommandEntry {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  load(): Promise<Command>
}

/** All commands, in the order of the overview. */
export const commands: readonly CommandEntry[] = [
  { name: 'serve', summary: 'run the server', load: async () => (await import('./serve.ts')).serve },
  {
    name: 'env',
    summary: 'print the variables that point AWS clients at this server',
    load: async () => (await import('./env.ts')).env,
  },
  {
    name: 'account',
    summary: 'make accounts, and list them',
    load: async () => (await import('./account.ts')).account,
  },
  {
    name: 'status',
    summary: 'show endpoints and their instances',
    load: async () => (await import('./status.ts')).status,
  },
  {
    name: 'top',
    summary: 'show what the endpoints are doing: requests, latencies, errors, queues',
    load: async () => (await import('./top/top.ts')).top,
  },
  {
    name: 'logs',
    summary: "show what an endpoint's containers print",
    load: async () => (await import('./logs.ts')).logs,
  },
  {
    name: 'queue',
    summary: 'show what waits for an asynchronous endpoint, wait for it, or drop it',
    load: async () => (await import('./queue.ts')).queue,
  },
  {
    name: 'explain',
    summary: 'say why a request was refused, and what would allow it',
    load: async () => (await import('./explain/explain.ts')).explain,
  },
  {
    name: 'doctor',
    summary: 'check this machine and say what to do',
    load: async () => (await import('./doctor/doctor.ts')).doctor,
  },
]
