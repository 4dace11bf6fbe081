import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** How long files took when they were last looked at, of those that took seconds: scripts/record-file-seconds.ts writes it. */
const SECONDS: Readonly<Record<string, number>> = JSON.parse(
  readFileSync(new URL('./file-seconds.json', import.meta.url), 'utf8'),
)
/** Files that mostly wait: for engines, servers and clients of other languages. */
const WAITING = /^test\/(?:clients|demo|docker|faults|hosting|registries|server|walk)\//
/** Of these, files that are not in the record come last and one after another: they share processes (vitest.config.ts). */
const SHARING = /^(?:src|scripts)\//

/**
 * Long files first, so that none is left alone at the end; and files that wait beside files that compute all the way, so that the
 * processors have something to do while somebody waits.
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
  const quick = paths.filter((path) => SHARING.test(path) && seconds[path] === undefined)
  const waiting = paths.filter((path) => WAITING.test(path))
  const computing = paths.filter((path) => !quick.includes(path) && !waiting.includes(path))
  const placed = [waiting, computing].flatMap((kind) => {
    const longestFirst = kind.toSorted((one, other) => last(other) - last(one) || (one < other ? -1 : 1))
    const all = kind.reduce((sum, path) => sum + last(path), 0)
    let before = 0
    return longestFirst.map((path) => {
      const place = before / all
      before += last(path)
      return { path, place }
    })
  })
  return [...placed.sort((one, other) => one.place - other.place).map(({ path }) => path), ...quick]
}
