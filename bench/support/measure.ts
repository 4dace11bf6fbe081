import { readdirSync, readFileSync } from 'node:fs'

/** The middle one of some values, the upper of two. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

/** Prints rows in columns, the first to the left and the others to the right. */
export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
}

/** Ticks a second in /proc: fixed in the kernel's interface. */
const TICKS = 100

/** User and system time that these processes have used so far, all their threads included, in seconds. */
export function cpuSeconds(pids: readonly number[]): number {
  let ticks = 0
  for (const pid of pids) {
    // The name in the second field may hold anything; what follows it is numbers.
    const fields = statOf(pid).split(' ')
    ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / TICKS
}

/** A process and all that descend from it. */
export function processTree(root: number): number[] {
  const tree = [root]
  const parents = allPids().map((pid) => [pid, parentOf(pid)] as const)
  for (const ancestor of tree) for (const [pid, parent] of parents) if (parent === ancestor) tree.push(pid)
  return tree
}

/** The processes of a container, by the id in the names of their control groups. */
export const processesOf = (containerId: string): number[] =>
  allPids().filter((pid) => readProc(pid, 'cgroup').includes(containerId))

/** Resident memory of a process, in bytes. */
export const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status'))?.[1] ?? Number.NaN) * 1024

const allPids = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
const parentOf = (pid: number): number => Number(statOf(pid).split(' ')[1])

function statOf(pid: number): string {
  const text = readProc(pid, 'stat')
  return text.slice(text.lastIndexOf(') ') + 2)
}

/** A process that has gone meanwhile is as good as one that says nothing. */
function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
