import { execFile } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { arch } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { composeImage, type Image } from '../../../scripts/images/image.ts'
import { buildLayer } from '../../../scripts/images/layer.ts'

const PROGRAM = fileURLToPath(new URL('../serve.mjs', import.meta.url))
const NODE = '/usr/local/bin/node'
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/**
 * The model server's image, put together without a Dockerfile, an engine or a base image from elsewhere: one layer with
 * the Node that runs this program and the libraries it is linked to, one with serve.mjs. `directory` receives the layers.
 */
export async function buildServerImage(directory: string): Promise<Image> {
  const node = join(directory, 'node')
  await place(process.execPath, node, NODE)
  for (const library of await librariesOf(process.execPath)) await place(library, node, library)
  const program = join(directory, 'program')
  await place(PROGRAM, program, '/opt/program/serve.mjs')
  const layers = [
    await buildLayer(node, join(directory, 'node.tar.gz')),
    await buildLayer(program, join(directory, 'program.tar.gz')),
  ]
  return composeImage(layers, {
    architecture: ARCHITECTURES[arch()] ?? arch(),
    entrypoint: [NODE, '/opt/program/serve.mjs'],
    user: '65534:65534',
  })
}

/** Copies a file to an absolute path below another root. */
async function place(file: string, root: string, path: string): Promise<void> {
  const target = join(root, path)
  await mkdir(dirname(target), { recursive: true })
  await copyFile(file, target)
}

/** The shared libraries of a program, its loader among them, by the paths at which it looks for them. */
async function librariesOf(program: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)('ldd', [program])
  return [...stdout.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, path = '']) => path)
}
