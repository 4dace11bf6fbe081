import { execFile } from 'node:child_process'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { composeImage, type Image, type ImageSettings } from '../../scripts/images/image.ts'
import { buildLayer } from '../../scripts/images/layer.ts'
import { madeOnce } from './made-once.ts'
import { temporaryDirectory } from './temporary-directory.ts'

/**
 * The container of the tests: a model server without a model, whose every behaviour a test can command.
 *
 * Commands travel in X-Amzn-SageMaker-Custom-Attributes, or in the body when its Content-Type is `text/x-commands`:
 * `name` or `name=value`, joined by `;`, obeyed in order. Without any, the body is echoed with its Content-Type.
 *
 * What is answered: `status=N` `body=TEXT` `type=CONTENT/TYPE` `attributes=TEXT` (custom attributes of the answer)
 * `header=Name: value` `size=N` (N bytes) `headers` (request headers, JSON pairs) `argv` `env` (JSON lists)
 * `file=PATH` (its content, or 404) `list=PATH` (JSON) `write=PATH` (`written` or the error) `connect=IPv4:PORT`
 * (`connected` or the error) `fork=N` (how many processes could start) `pings` (how many so far).
 * How: `sleep=MS` `drip=N` with `interval=MS` (N chunks) `cut=N` (hang up after N bytes of the body; 0: before all)
 * `relay`, alone and in the header: the body is echoed as it comes, and never held whole.
 * `hang` `crash[=EXITCODE]` `allocate=MEGABYTES` (and keep them).
 * What is printed: `stdout=TEXT` `stderr=TEXT` (a line each) `partial=TEXT` (no newline) `longline=BYTES`
 * `lines=N` after `width=N` (N lines, each padded by that many characters).
 * `ping=fail` and `ping=ok` decide how /ping answers from now on.
 *
 * Environment: PING_FAIL=always|first:N|after:N (invocations) with PING_STATUS (503), PING_DELAY_MS, START_DELAY_MS,
 * PRINT_AT_START, EXIT_AT_START, IGNORE_SIGTERM, TERM_EXIT_CODE (0), SAGEMAKER_BIND_TO_PORT (8080).
 * It prints `listening with N arguments: ARGV1` when it listens and `SIGTERM` when asked to stop.
 */
export interface TestImages {
  /** The image as its ENTRYPOINT runs the server; settings replace or add to its own. */
  image(settings?: ImageSettings): Image
  /** An image whose ENTRYPOINT names a program that is not there. */
  withoutProgram(): Image
  remove(): Promise<void>
}

const run = promisify(execFile)
const SOURCES = fileURLToPath(new URL('images/', import.meta.url))

/**
 * Packs the layer of the server, which is compiled once a run. Each `variation` has a layer of its own, for tests in which the engine
 * must not know it yet.
 */
export async function buildTestImages(variation = ''): Promise<TestImages> {
  const directory = await temporaryDirectory('slw-image-')
  const root = join(directory.path, 'root')
  for (const path of ['usr/bin', 'tmp', 'opt/ml']) await mkdir(join(root, path), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  const program = join(root, 'usr/bin/model-server')
  const sources = ['main.c', 'http.c', 'behaviours.c'].map((name) => join(SOURCES, name))
  const compiled = await madeOnce('model-server', async () => {
    await run('gcc', ['-O2', '-static', '-s', '-o', program, ...sources, '-lpthread'])
    return readFile(program)
  })
  await writeFile(program, compiled, { mode: 0o755 })
  if (variation !== '') await writeFile(join(root, 'opt/variation'), variation)
  const layer = await buildLayer(root, join(directory.path, 'layer.tar.gz'))
  const image = (settings: ImageSettings = {}) =>
    composeImage([layer], { entrypoint: ['/usr/bin/model-server'], ...settings })
  return {
    image,
    withoutProgram: () => image({ entrypoint: ['/usr/bin/absent'] }),
    remove: directory.remove,
  }
}
