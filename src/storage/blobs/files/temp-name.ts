/** Who writes a temporary file: the name of the file says it, so that the files of writers that died are recognised. */
export interface TempOwner {
  readonly host: string
  readonly pid: number
  /** Made anew by each process, because a pid comes back. */
  readonly token: string
}

/** A file whose writer cannot be asked (another machine) is given up after so long without a byte. */
const GIVEN_UP_AFTER = 24 * 60 * 60_000

export const tempName = (owner: TempOwner, random: string): string =>
  [owner.host.replaceAll('~', '-'), owner.pid, owner.token, random].join('~')

/** Whether the writer of a temporary file is gone. `lastWrite` and `now` are epoch milliseconds. */
export function isAbandoned(
  name: string,
  lastWrite: number,
  self: TempOwner,
  isAlive: (pid: number) => boolean,
  now: number,
): boolean {
  if (now - lastWrite > GIVEN_UP_AFTER) return true
  const [host, pid, token] = name.split('~')
  if (host !== self.host.replaceAll('~', '-')) return false
  if (token === self.token) return false
  return Number(pid) === self.pid || !isAlive(Number(pid))
}
