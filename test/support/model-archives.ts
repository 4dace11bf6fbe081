import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Api } from './api.ts'
import { temporaryDirectory } from './temporary-directory.ts'

const run = promisify(execFile)

/** Models in a bucket of their own, each a model.tar.gz. */
export interface ModelArchives {
  /** Puts one with the files `name`, which holds the name, and `weights`: so many incompressible bytes. Resolves to its URL. */
  put(name: string, bytes: number): Promise<string>
  remove(): Promise<void>
}

/** Makes the bucket. */
export async function modelArchives(api: Api, bucket: string): Promise<ModelArchives> {
  const files = await temporaryDirectory()
  await api.createBucket(bucket)
  return {
    async put(name, bytes) {
      const folder = join(files.path, name)
      await mkdir(folder)
      await writeFile(join(folder, 'weights'), randomBytes(bytes))
      await writeFile(join(folder, 'name'), name)
      await run('tar', ['czf', `${folder}.tar.gz`, '-C', folder, '.'])
      await api.putObject(bucket, `${name}.tar.gz`, await readFile(`${folder}.tar.gz`))
      return `s3://${bucket}/${name}.tar.gz`
    },
    remove: files.remove,
  }
}

/** The file of the newest object of at least so many bytes in a data directory. */
export async function newestObject(dataDir: string, least: number): Promise<string> {
  const entries = await readdir(join(dataDir, 'objects'), { recursive: true, withFileTypes: true })
  const found: { path: string; at: number }[] = []
  for (const entry of entries) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const { size, mtimeMs } = await stat(path)
    if (size >= least) found.push({ path, at: mtimeMs })
  }
  const [newest] = found.sort((a, b) => b.at - a.at)
  if (newest === undefined) throw new Error('there is no such file')
  return newest.path
}
