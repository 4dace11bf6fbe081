import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'

/** A member of a structure, or the element of a list or map, as the published definition writes it. */
export interface DefinedMember {
  shape: string
  location?: string
  locationName?: string
  streaming?: boolean
  [trait: string]: unknown
}

export interface DefinedShape {
  type: string
  members?: Record<string, DefinedMember>
  required?: string[]
  member?: DefinedMember
  key?: DefinedMember
  value?: DefinedMember
  enum?: string[]
  payload?: string
  exception?: boolean
  streaming?: boolean
  error?: { code?: string; httpStatusCode?: number; senderFault?: boolean }
  [trait: string]: unknown
}

interface DefinedOperation {
  http: { method: string; requestUri: string; responseCode?: number }
  input?: { shape: string; locationName?: string; xmlNamespace?: { uri: string } }
  output?: { shape: string; resultWrapper?: string }
  errors?: { shape: string }[]
  requestcompression?: { encodings: string[] }
}

export interface Definition {
  metadata: Record<string, unknown>
  operations: Record<string, DefinedOperation>
  shapes: Record<string, DefinedShape>
}

/** The project's virtual environment has the pinned version; without it the machine's Python is asked. */
const VIRTUAL = fileURLToPath(new URL('../../.venv/bin/python', import.meta.url))
const PYTHON = existsSync(VIRTUAL) ? VIRTUAL : 'python3'

/** Where the definitions come from: a folder given, or the one of the `botocore` package that Python finds. */
export interface Source {
  readonly folder: string
  readonly version: string
}

export function findBotocore(folder: string | undefined): Source {
  const found = folder ?? askPython('import botocore, os; print(os.path.dirname(botocore.__file__))')
  const init = join(found, '__init__.py')
  if (!existsSync(init)) throw new Error(`No botocore package at ${found}. Give its folder with --botocore DIR.`)
  const version = /^__version__ = ['"]([^'"]+)['"]/m.exec(readFileSync(init, 'utf8'))?.[1]
  if (version === undefined) throw new Error(`${init} does not say its version.`)
  return { folder: found, version }
}

function askPython(program: string): string {
  try {
    return execFileSync(PYTHON, ['-c', program], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    throw new Error(
      "Python has no botocore package: run 'make setup', which brings the pinned one, or give --botocore DIR.",
    )
  }
}

/** Reads a service's definition; newer releases of the package hold it compressed. */
export function readDefinition(source: Source, path: string): Definition {
  const plain = join(source.folder, 'data', path, 'service-2.json')
  const text = existsSync(plain) ? readFileSync(plain) : gunzipSync(readFileSync(`${plain}.gz`))
  return JSON.parse(text.toString('utf8')) as Definition
}
