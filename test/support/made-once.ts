import { randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The bytes that `make` makes, or that another file of this run has made before (see global-templates.ts); made each time outside of a run. */
export async function madeOnce(name: string, make: () => Promise<Buffer>): Promise<Buffer> {
  const directory = process.env.TEST_TEMPLATES
  if (directory === undefined) return make()
  const path = join(directory, name)
  const found = await readFile(path).catch(() => undefined)
  if (found !== undefined) return found
  const made = await make()
  // Whoever makes it at the same time makes the same.
  const written = `${path}.${randomUUID()}`
  await writeFile(written, made)
  await rename(written, path)
  return made
}
