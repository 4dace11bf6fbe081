import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** How long files took when they were last looked at, of those that took seconds: scripts/record-file-seconds.ts writes it. */
const SECONDS: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL('./file-seconds.json', import.meta.url), 'utf8'),
)
/** Files that mostly wait: for engines, servers and clients of other languages. */
const WAITING = /^test\/(?:clients|demo|docker|faults|hosting|registries|server|walk)\//
/** Files that share processes (vitest.config.ts), by project. A process is kept only if the next file that waits for one is of the same. */
const SHARING = [/^test\/(?:control|services|storage)\//, /^(?:src|scripts)\//]

/**
 * Long files first, so that none is left alone at the end, and of those that have a process to themselves the ones that wait beside
 * those that compute all the way, so that the processors have something to do while somebody waits. Files that share processes come
 * one after another.
 */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const path = ({ moduleId }: TestSpecification) => relative(this.ctx.config.root, moduleId)
    const byPath = new Map(files.map((file) => [path(file), file]))
    return orderFiles([...byPath.keys()]).map((name) => byPath.get(name) as TestSpecification)
  }
}

/** The order of these paths, a pure decision. */
export function orderFiles(paths: readonly string[], seconds = SECONDS): readonly string[] {
  const last = (path: string) => seconds[path] ?? 1
  const longestFirst = (some: readonly string[]) =>
    some.toSorted((one, other) => last(other) - last(one) || (one < other ? -1 : 1))
  const sharing = SHARING.map((kind) => paths.filter((path) => kind.test(path)))
  const alone = paths.filter((path) => !SHARING.some((kind) => kind.test(path)))
  const waiting = alone.filter((path) => WAITING.test(path))
  const computing = alone.filter((path) => !WAITING.test(path))
  const placed = [waiting, computing].flatMap((kind) => {
    const all = kind.reduce((sum, path) => sum + last(path), 0)
    let before = 0
    return longestFirst(kind).map((path) => {
      const place = before / all
      before += last(path)
      return { path, place }
    })
  })
  return [
    ...placed.sort((one, other) => one.place - other.place).map(({ path }) => path),
    ...sharing.flatMap(longestFirst),
  ]
}
