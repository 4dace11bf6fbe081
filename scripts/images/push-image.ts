import { createReadStream } from 'node:fs'
import { Agent, request } from 'undici'
import type { Image } from './image.ts'
import { authorizationFor } from './registry-login.ts'

export interface PushTarget {
  /** `http://127.0.0.1:5000` or `https://registry.example.com`. */
  readonly url: string
  readonly repository: string
  /** Default `latest`. */
  readonly tag?: string
  readonly credentials?: { readonly username: string; readonly password: string }
  /** PEM of an authority to trust besides the system's. */
  readonly ca?: string
}

interface Push {
  readonly dispatcher: Agent
  readonly base: string
  readonly authorization: string | undefined
}

/** Uploads an image over the Registry V2 API and returns its reference by digest: `host/repository@sha256:…`. */
export async function pushImage(image: Image, target: PushTarget): Promise<string> {
  const dispatcher = new Agent(target.ca === undefined ? {} : { connect: { ca: target.ca } })
  try {
    const authorization = await authorizationFor(target.url, target.repository, target.credentials, dispatcher)
    const push: Push = { dispatcher, authorization, base: `${target.url}/v2/${target.repository}` }
    for (const layer of image.layers) {
      await pushBlob(push, layer.digest, layer.size, () => createReadStream(layer.file))
    }
    await pushBlob(push, image.configDigest, image.config.length, () => image.config)
    await send(push, 'PUT', `${push.base}/manifests/${target.tag ?? 'latest'}`, [201], {
      body: image.manifest,
      headers: { 'content-type': image.mediaType },
    })
    return `${new URL(target.url).host}/${target.repository}@${image.digest}`
  } finally {
    await dispatcher.close()
  }
}

async function pushBlob(push: Push, digest: string, size: number, open: () => Body): Promise<void> {
  const known = await send(push, 'HEAD', `${push.base}/blobs/${digest}`, [200, 404], {})
  if (known.status === 200) return
  const { location } = await send(push, 'POST', `${push.base}/blobs/uploads/`, [202], {})
  if (location === undefined) throw new Error(`${push.base} named no place to upload a blob to`)
  const upload = new URL(location, push.base)
  upload.searchParams.set('digest', digest)
  await send(push, 'PUT', upload.href, [201], {
    body: open(),
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
  })
}

type Body = Buffer | ReturnType<typeof createReadStream>

async function send(
  push: Push,
  method: 'HEAD' | 'POST' | 'PUT',
  url: string,
  expected: readonly number[],
  { body, headers = {} }: { body?: Body; headers?: Record<string, string> },
): Promise<{ status: number; location: string | undefined }> {
  const response = await request(url, {
    method,
    body: body ?? null,
    headers: push.authorization === undefined ? headers : { ...headers, authorization: push.authorization },
    dispatcher: push.dispatcher,
  })
  const text = await response.body.text()
  if (!expected.includes(response.statusCode)) {
    throw new Error(`${method} ${url.split('?')[0]} answered ${response.statusCode}: ${text}`)
  }
  const location = response.headers.location
  return { status: response.statusCode, location: typeof location === 'string' ? location : undefined }
}
