import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { type Pack, pack } from 'tar-stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { measureTree } from './cache-tree.ts'
import type { ContentError } from './content-error.ts'
import { unpackTarGz } from './unpack-tar-gz.ts'

const run = promisify(execFile)
const limits = {
  maximumBytes: 64 * 1024 * 1024,
  maximumFileBytes: 32 * 1024 * 1024,
  maximumEntries: 1000,
  maximumRatio: 200,
}

let directory: string
let output: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'slw-unpack-'))
  output = join(directory, 'model')
})
afterEach(() => rm(directory, { recursive: true, force: true }))

type Entry = Parameters<Pack['entry']>[0] & { readonly content?: string | Buffer }

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const archive = pack()
  const chunks: Buffer[] = []
  for (const { content, ...header } of entries) {
    if (content === undefined) archive.entry(header, '')
    else archive.entry(header, content)
  }
  archive.finalize()
  for await (const chunk of archive) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

const unpack = (body: Buffer | Readable, more: Partial<typeof limits> = {}, signal = new AbortController().signal) =>
  unpackTarGz(Buffer.isBuffer(body) ? Readable.from(pieces(body)) : body, output, {
    limits: { ...limits, ...more },
    signal,
  })

/** Awkward sizes, as a network gives them. */
function* pieces(body: Buffer): Generator<Buffer> {
  for (let at = 0, size = 1; at < body.length; at += size, size = (size * 7 + 1) % 70_001) {
    if (size === 0) size = 1
    yield body.subarray(at, at + size)
  }
}

/** Rejects as expected, and leaves nothing behind. */
async function refused(body: Buffer | Readable, kind: ContentError['kind'], more: Partial<typeof limits> = {}) {
  const error = await unpack(body, more).then(
    () => expect.fail('was unpacked'),
    (thrown: unknown) => thrown as ContentError,
  )
  expect(error, error.message).toMatchObject({ name: 'ContentError', kind })
  expect(error.message).not.toContain(directory)
  expect(await readdir(directory)).not.toContain('model')
  return error.message
}

const fromDirectory = async (source: string, ...options: string[]): Promise<Buffer> => {
  const file = join(directory, 'archive.tar.gz')
  await run('tar', ['czf', file, ...options, '-C', source, '.'])
  return readFile(file)
}

describe('what tar packs', () => {
  it('is unpacked as tar unpacks it', async () => {
    const source = join(directory, 'source')
    await mkdir(join(source, 'code/deep', 'x'.repeat(120)), { recursive: true })
    await writeFile(join(source, 'weights.bin'), randomBytes(3_000_001))
    await writeFile(join(source, 'empty'), '')
    await writeFile(join(source, 'code', 'x'.repeat(200)), 'long name')
    await writeFile(join(source, 'code/deep', 'x'.repeat(120), 'y'.repeat(120)), 'long path')
    await writeFile(join(source, 'größe ☃ "quoted"'), 'unicode')
    for (let index = 0; index < 300; index += 1) {
      await writeFile(join(source, 'code/deep', String(index)), randomBytes(index * 7))
    }
    const expected = await measureTree(source)
    for (const format of ['gnu', 'posix', 'pax', 'ustar']) {
      if (format === 'ustar') await rm(join(source, 'code/deep', 'x'.repeat(120)), { recursive: true })
      if (format === 'ustar') await rm(join(source, 'code', 'x'.repeat(200)))
      const summary = await unpack(await fromDirectory(source, `--format=${format}`))
      const measured = await measureTree(output)
      expect(measured).toEqual(format === 'ustar' ? await measureTree(source) : expected)
      expect(summary).toEqual({ files: measured.files, bytes: measured.bytes })
      await run('diff', ['-r', source, output])
      await rm(output, { recursive: true })
    }
  })

  it.each(['gnu', '0.1', '1.0'])('is unpacked with holes (sparse form %s)', async (form) => {
    const source = join(directory, 'source')
    await mkdir(source)
    const file = join(source, 'sparse')
    for (let index = 0; index < 40; index += 1) {
      await writeFile(file, randomBytes(5000), { flag: index === 0 ? 'w' : 'r+' })
      await run('dd', ['if=/dev/urandom', `of=${file}`, 'bs=4096', 'count=1', `seek=${index * 20}`, 'conv=notrunc'])
    }
    await truncate(file, 10_000_001)
    const options = form === 'gnu' ? ['--format=gnu'] : ['--format=posix', `--sparse-version=${form}`]
    const archive = await fromDirectory(source, '--sparse', ...options)
    expect(archive.length).toBeLessThan(1_000_000)
    await unpack(archive)
    await run('cmp', [file, join(output, 'sparse')])
    expect((await stat(join(output, 'sparse'))).blocks * 512).toBeLessThan(1_000_000)
  })

  it('keeps times and the executable bit, and makes all of it readable', async () => {
    await unpack(
      gzipSync(
        await tar([
          { name: 'private', mode: 0o600, mtime: new Date(1_000_000_000_000), content: 'x' },
          { name: 'run.sh', mode: 0o4711, content: '#!/bin/sh' },
          { name: 'closed', type: 'directory', mode: 0o000 },
          { name: 'closed/inside', mode: 0o2666, content: 'x' },
        ]),
      ),
    )
    const mode = async (name: string) => (await lstat(join(output, name))).mode & 0o7777
    expect([await mode('private'), await mode('run.sh'), await mode('closed'), await mode('closed/inside')]).toEqual([
      0o644, 0o755, 0o755, 0o644,
    ])
    expect(await mode('.')).toBe(0o755)
    expect((await lstat(join(output, 'private'))).mtimeMs).toBe(1_000_000_000_000)
  })

  it('may come in several gzip members, wherever they are cut', async () => {
    const plain = await tar([{ name: 'a', content: randomBytes(100_000) }])
    const archive = Buffer.concat(
      [plain.subarray(0, 700), plain.subarray(700, 50_000), plain.subarray(50_000)].map((part) => gzipSync(part)),
    )
    await unpack(archive)
    expect(await readFile(join(output, 'a'))).toHaveLength(100_000)
  })

  it('may be empty, or lack the end marker', async () => {
    expect(await unpack(gzipSync(Buffer.alloc(10240)))).toEqual({ files: 0, bytes: 0 })
    expect(await readdir(output)).toEqual([])
    await rm(output, { recursive: true })
    const plain = await tar([{ name: 'a', content: 'x' }])
    expect(await unpack(gzipSync(plain.subarray(0, 1024)))).toEqual({ files: 1, bytes: 1 })
  })

  it('may name a file twice: the later one counts, as with tar', async () => {
    await unpack(
      gzipSync(
        await tar([
          { name: 'a', content: 'old' },
          { name: './a', content: 'new' },
        ]),
      ),
    )
    expect(await readFile(join(output, 'a'), 'utf8')).toBe('new')
  })
})

describe('links', () => {
  it('are made when they stay inside', async () => {
    await unpack(
      gzipSync(
        await tar([
          { name: 'blobs/1', content: 'weights' },
          { name: 'snapshots/main/model', type: 'symlink', linkname: '../../blobs/1' },
          { name: 'latest', type: 'symlink', linkname: 'snapshots/main' },
          { name: 'dangling', type: 'symlink', linkname: 'nowhere' },
          { name: 'hard', type: 'link', linkname: 'blobs/1' },
        ]),
      ),
    )
    expect(await readFile(join(output, 'latest/model'), 'utf8')).toBe('weights')
    expect(await readFile(join(output, 'hard'), 'utf8')).toBe('weights')
    expect(await readlink(join(output, 'dangling'))).toBe('nowhere')
  })

  const link = (name: string, linkname: string): Entry => ({ name, type: 'symlink', linkname })
  const hard = (name: string, linkname: string): Entry => ({ name, type: 'link', linkname })
  const cases: [string, Entry[]][] = [
    ['to an absolute path', [link('a', '/etc/passwd')]],
    ['to the folder above', [link('a', '..')]],
    ['out of a deeper folder', [link('x/y/a', '../../../etc')]],
    ['out through another link', [{ name: 'd/e/f', content: '' }, link('d/up', '..'), link('out', 'd/up/../x')]],
    [
      'out through a chain that is harmless by its text',
      [link('d/s', 'e/f'), { name: 'd/e/g', content: '' }, link('d/e/f', '../..'), link('z', 'd/s/..')],
    ],
    ['in a circle', [link('a', 'b'), link('b', 'a')]],
    ['to nothing', [link('a', '')]],
    ['with files below', [link('a', 'b'), { name: 'a/file', content: 'x' }]],
    ['with files below, made earlier', [{ name: 'a/file', content: 'x' }, link('a', 'b')]],
    ['hard, to a file outside', [hard('a', '/etc/passwd')]],
    ['hard, to a path outside', [hard('a', '../secret')]],
    ['hard, to a file not in the archive', [hard('a', 'b')]],
    ['hard, to a symbolic link', [link('a', 'b'), hard('c', 'a')]],
    ['hard, to a folder', [{ name: 'd', type: 'directory' }, hard('c', 'd')]],
  ]
  it.each(cases)('%s are refused', async (_what, entries) => {
    await writeFile(join(directory, 'secret'), 'secret')
    await refused(gzipSync(await tar(entries)), 'refused')
    expect(await readFile(join(directory, 'secret'), 'utf8')).toBe('secret')
  })
})

describe('hostile entries', () => {
  it.each(['../evil', 'a/../../evil', 'a/..', '/etc/evil', '..', './../evil'])('named %s are refused', async (name) => {
    expect(await refused(gzipSync(await tar([{ name, content: 'x' }])), 'refused')).toContain('entry')
  })

  it('with a name of 256 bytes, or a path too long, are refused', async () => {
    await refused(gzipSync(await tar([{ name: 'é'.repeat(128), content: 'x' }])), 'refused')
    await unpack(gzipSync(await tar([{ name: 'e'.repeat(255), content: 'x' }])))
    await rm(output, { recursive: true })
    await refused(gzipSync(await tar([{ name: 'long/'.repeat(1000), content: 'x' }])), 'refused')
  })

  it('with a NUL in an extended name are refused', async () => {
    await refused(gzipSync(await tar([{ name: 'a', content: 'x', pax: { path: 'a\0b' } }])), 'refused')
  })

  it.each(['character-device', 'block-device', 'fifo'] as const)('of type %s are refused', async (type) => {
    await refused(gzipSync(await tar([{ name: 'device', type, devmajor: 1, devminor: 3 }])), 'refused')
  })

  it('that are both file and folder are refused', async () => {
    await refused(
      gzipSync(
        await tar([
          { name: 'a', content: 'x' },
          { name: 'a/b', content: 'x' },
        ]),
      ),
      'refused',
    )
    await refused(
      gzipSync(
        await tar([
          { name: 'a/b', content: 'x' },
          { name: 'a', content: 'x' },
        ]),
      ),
      'refused',
    )
  })

  it('say what they are without control characters', async () => {
    const message = await refused(gzipSync(await tar([{ name: '../\u001b[31mred\n', content: 'x' }])), 'refused')
    expect(message).toContain('"../?[31mred?"')
  })
})

describe('limits', () => {
  it('hold for the whole, for one file and for the number', async () => {
    const archive = gzipSync(
      await tar([
        { name: 'a', content: Buffer.alloc(1000) },
        { name: 'b', content: Buffer.alloc(1000) },
      ]),
    )
    expect(await refused(archive, 'too-large', { maximumBytes: 1999 })).toContain('1999')
    await refused(archive, 'too-large', { maximumFileBytes: 999 })
    await refused(archive, 'too-large', { maximumEntries: 1 })
    expect(await unpack(archive, { maximumBytes: 2000, maximumFileBytes: 1000, maximumEntries: 2 })).toEqual({
      files: 2,
      bytes: 2000,
    })
  })

  it('hold for what an archive only claims, and for sparse files', async () => {
    const plain = await tar([{ name: 'a', content: 'x' }])
    plain.write('77777777777', 124, 'latin1')
    let sum = 0
    plain.fill(0x20, 148, 156)
    for (const byte of plain.subarray(0, 512)) sum += byte
    plain.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
    await refused(gzipSync(plain), 'too-large')
  })

  it('hold for what follows the end of the archive', async () => {
    const bomb = gzipSync(Buffer.concat([await tar([{ name: 'a', content: 'x' }]), Buffer.alloc(8_000_000)]))
    await refused(bomb, 'too-large', { maximumBytes: 1000, maximumEntries: 10 })
  })

  it('hold for extended headers', async () => {
    const endless = await tar(
      Array.from({ length: 30 }, (_, index) => ({
        name: String(index),
        content: '',
        pax: { comment: 'x'.repeat(2000) },
      })),
    )
    await refused(gzipSync(endless), 'too-large', { maximumEntries: 10 })
    const huge = await tar([{ name: 'a', content: '', pax: { comment: 'x'.repeat(2_000_000) } }])
    await refused(gzipSync(huge), 'corrupt')
  })

  it('stop a bomb by its ratio', async () => {
    const zeros = gzipSync(Buffer.alloc(100 * 1024 * 1024))
    // The same member again and again: 1.2 GiB of zeros, which is a valid end of an empty archive.
    const bomb = Buffer.concat([gzipSync(await tar([{ name: 'a', content: 'x' }])), ...Array(13).fill(zeros)])
    const vast = { maximumBytes: 1e12, maximumFileBytes: 1e12 }
    expect(await refused(bomb, 'too-large', vast)).toContain('200 times')
  })
})

describe('damage', () => {
  it('is told wherever the archive is cut', async () => {
    const archive = gzipSync(await tar([{ name: 'a', content: randomBytes(5000) }]))
    for (const length of [1, 2, 9, 10, 11, 300, 2000, archive.length - 9, archive.length - 1]) {
      await refused(archive.subarray(0, length), 'corrupt')
    }
    expect(await refused(Buffer.alloc(0), 'corrupt')).toBe('The object is empty.')
  })

  it('is told when the archive is complete gzip and cut tar', async () => {
    const plain = await tar([{ name: 'a', content: randomBytes(5000) }])
    for (const length of [0, 1, 511, 512, 513, 3000]) await refused(gzipSync(plain.subarray(0, length)), 'corrupt')
  })

  it('is told when a byte is wrong', async () => {
    const archive = gzipSync(await tar([{ name: 'a', content: randomBytes(5000) }]))
    for (const at of [0, 1, 50, 3000, archive.length - 6]) {
      const damaged = Buffer.from(archive)
      damaged[at] = (damaged[at] ?? 0) ^ 0xff
      await refused(damaged, 'corrupt')
    }
    expect(await refused(Buffer.from('<html>not a model</html>'), 'corrupt')).toContain('not gzip')
  })

  it('is told for gzip that holds no tar', async () => {
    expect(await refused(gzipSync(randomBytes(4096)), 'corrupt')).toContain('tar')
  })
})

describe('interruption', () => {
  it('by the caller ends it and leaves nothing', async () => {
    const controller = new AbortController()
    const archive = gzipSync(await tar([{ name: 'a', content: randomBytes(1_000_000) }]))
    let destroyed = false
    const stalled = new Readable({
      read() {},
      destroy(error, done) {
        destroyed = true
        done(error)
      },
    })
    stalled.push(archive.subarray(0, 500_000))
    const pending = unpack(stalled, {}, controller.signal)
    setImmediate(() => controller.abort(new Error('stop')))
    await expect(pending).rejects.toThrow('stop')
    expect(destroyed).toBe(true)
    expect(await readdir(directory)).toEqual([])
  })

  it('by the source passes the source’s error on', async () => {
    const archive = gzipSync(await tar([{ name: 'a', content: randomBytes(1_000_000) }]))
    const breaking = Readable.from(
      (async function* () {
        yield archive.subarray(0, 500_000)
        throw new Error('the disk of the store broke')
      })(),
    )
    await expect(unpack(breaking)).rejects.toThrow('the disk of the store broke')
    expect(await readdir(directory)).toEqual([])
  })

  it('never touches a directory that is already there', async () => {
    await mkdir(output)
    await writeFile(join(output, 'mine'), 'x')
    await expect(unpack(gzipSync(Buffer.alloc(1024)))).rejects.toMatchObject({ kind: 'storage' })
    expect(await readdir(output)).toEqual(['mine'])
  })

  it('leaves the server’s thread free, and its memory small', async () => {
    const source = join(directory, 'source')
    await mkdir(source)
    await writeFile(join(source, 'w'), Buffer.alloc(20_000_000, 'weights'))
    await run('tar', ['czf', join(directory, 'a.tar.gz'), '-C', source, '.'])
    let ticks = 0
    const timer = setInterval(() => (ticks += 1), 1)
    await unpack(createReadStream(join(directory, 'a.tar.gz')))
    clearInterval(timer)
    expect(ticks).toBeGreaterThan(5)
  })
})
