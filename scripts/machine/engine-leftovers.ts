import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isAlive } from './lock.ts'

/** What engines leave behind on a machine: processes, mounts, directories, links and firewall rules. */

const run = promisify(execFile)

/** Each engine of ours lives in a directory of this beginning; short, because unix sockets lie within. */
export const ENGINE_DIRECTORY = '/tmp/slw-engine-'

/** What was there before the first of our engines, and therefore is not ours to take away; kept until the last is gone. */
interface NetworkBefore {
  readonly rules: boolean
  readonly forward: string
}

const BEFORE = '/tmp/slw-engines.before'

/** To be called, under the lock, before an engine is started. */
export async function rememberNetwork(): Promise<void> {
  const { stdout } = await run('iptables-save')
  const before: NetworkBefore = {
    rules: ENGINE_RULE.test(stdout),
    forward: /^:FORWARD (\w+)/m.exec(stdout)?.[1] ?? 'ACCEPT',
  }
  await writeFile(BEFORE, JSON.stringify(before), { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
}

async function readBefore(): Promise<NetworkBefore | undefined> {
  try {
    return JSON.parse(await readFile(BEFORE, 'utf8')) as NetworkBefore
  } catch {
    return undefined
  }
}

const ENGINE_RULE = /DOCKER|docker0|NETAVARK|netavark|\bbr-[0-9a-f]{12}\b|\bpodman\d+\b/

/** Takes away, under the lock, what earlier runs have left that were killed before they could. */
export async function removeLeftovers(): Promise<void> {
  const prefix = basename(ENGINE_DIRECTORY)
  for (const name of await readdir(dirname(ENGINE_DIRECTORY))) {
    if (!name.startsWith(prefix)) continue
    const directory = join(dirname(ENGINE_DIRECTORY), name)
    const owner = /\d+/.exec(await readFile(join(directory, 'owner'), 'utf8').catch(() => ''))?.[0]
    if (owner !== undefined && isAlive(Number(owner))) continue
    await endProcesses(directory)
    await removeBridges(directory)
    await cleanDirectory(directory)
  }
  await cleanNetwork()
}

/**
 * Ends what still runs on behalf of a dead run: its processes name its directory in their arguments. The engine comes
 * first and may take its time, because it ends its containers; containers that are left do not die with their shims.
 */
async function endProcesses(directory: string): Promise<void> {
  const engines = () => processesOf(directory).filter(({ command }) => ENGINE.test(command))
  for (const { pid } of engines()) send(pid, 'SIGTERM')
  await settle(() => engines().length === 0, 30_000)
  const shims = processesOf(directory)
  for (const { pid } of [...descendantsOf(shims), ...shims]) send(pid, 'SIGKILL')
  await settle(() => processesOf(directory).length === 0, 10_000)
}

const ENGINE = /^([^\0]*\/)?(dockerd|podman)\0/

interface Process {
  readonly pid: number
  readonly parent: number
  readonly command: string
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // Gone in the meantime.
  }
}

async function settle(done: () => boolean, timeout: number): Promise<void> {
  for (let waited = 0; waited < timeout && !done(); waited += 50) await delay(50)
}

const processesOf = (directory: string): Process[] =>
  allProcesses().filter(({ command }) => command.includes(`${directory}/`) || command.includes(`${directory}\0`))

function descendantsOf(ancestors: readonly Process[]): Process[] {
  const all = allProcesses()
  const children = all.filter(({ parent }) => ancestors.some(({ pid }) => pid === parent))
  return children.length === 0 ? [] : [...children, ...descendantsOf(children)]
}

/** All processes but this one and those that have ended and wait for being noticed. */
function allProcesses(): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!/^\d+$/.test(name) || pid === process.pid || !isAlive(pid)) return []
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
      return [{ pid, parent, command: readFileSync(`/proc/${name}/cmdline`, 'latin1') }]
    } catch {
      return []
    }
  })
}

/** Removes the bridges of a dead dockerd, also while other engines run: its own database names their networks. */
async function removeBridges(directory: string): Promise<void> {
  const file = join(directory, 'data/network/files/local-kv.db')
  const known = await readFile(file, 'latin1').catch(() => '')
  const { stdout } = await run('ip', ['-o', 'link', 'show', 'type', 'bridge'])
  for (const [, name = '', id = ''] of stdout.matchAll(/^\d+: (br-([0-9a-f]{12})):/gm)) {
    if (known.includes(id)) await run('ip', ['link', 'delete', name]).catch(() => {})
  }
}

/** Unmounts all below a directory (Podman leaves its store mounted) and removes it. */
export async function cleanDirectory(directory: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
  for (const path of mounts.reverse()) await run('umount', ['-l', path]).catch(() => {})
  await rm(directory, { recursive: true, force: true, maxRetries: 5 })
}

/** Removes, under the lock, the links and rules of engines, once none runs and unless some were there before ours. */
export async function cleanNetwork(): Promise<void> {
  const before = await readBefore()
  const running = allProcesses().some(({ command }) => ENGINE.test(command))
  if (running || before === undefined) return
  await rm(BEFORE, { force: true })
  if (before.rules) return
  for (const table of ['nat', 'filter', 'mangle', 'raw']) {
    const { stdout } = await run('iptables-save', ['-t', table]).catch(() => ({ stdout: '' }))
    if (!ENGINE_RULE.test(stdout)) continue
    const kept = stdout.split('\n').filter((line) => !ENGINE_RULE.test(line))
    const rules = kept.map((line) => line.replace(/^:FORWARD \w+/, `:FORWARD ${before.forward}`)).join('\n')
    const restoring = run('iptables-restore', ['-T', table])
    restoring.child.stdin?.end(rules)
    await restoring
  }
  if (before.forward === 'ACCEPT') await run('iptables', ['-P', 'FORWARD', 'ACCEPT'])
  const { stdout: links } = await run('ip', ['-o', 'link', 'show', 'type', 'bridge'])
  for (const [, name = ''] of links.matchAll(/^\d+: (docker0|br-[0-9a-f]{12}|podman\d+):/gm)) {
    await run('ip', ['link', 'delete', name]).catch(() => {})
  }
  await removeEmptyGroups()
}

/** Only empty cgroups can be removed, so nothing that runs is touched. */
async function removeEmptyGroups(): Promise<void> {
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))]
  for (const root of roots) {
    for (const name of ['docker', 'libpod_parent']) await removeGroup(join(root, name))
  }
}

async function removeGroup(path: string): Promise<void> {
  const children = await readdir(path, { withFileTypes: true }).catch(() => [])
  for (const child of children) if (child.isDirectory()) await removeGroup(join(path, child.name))
  await rmdir(path).catch(() => {})
}
