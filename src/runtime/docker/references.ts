import { RuntimeError } from '../container-runtime.ts'

/** The reference for use in a path of the engine's API; refuses what could lead the path elsewhere. */
export function imagePath(reference: string): string {
  if (!/^[A-Za-z0-9[][\w.:/@[\]-]{0,511}$/.test(reference) || /(^|\/)\.{1,2}(\/|$)|\/\//.test(reference)) {
    throw new RuntimeError('other', `${JSON.stringify(reference.slice(0, 300))} is not an image reference.`)
  }
  return reference
}

/** A container's or network's id or name for use in a path. */
export function objectPath(id: string): string {
  if (!/^[A-Za-z0-9][\w.-]{0,254}$/.test(id)) {
    throw new RuntimeError('other', `${JSON.stringify(id.slice(0, 300))} is not an id of the container engine.`)
  }
  return id
}

/** A reference by digest and the parts that the engine's pull takes apart. */
export function splitDigestReference(reference: string): { name: string; digest: string; host: string } {
  const match = /^([^/@]+)(\/[^@]+)@(sha256:[0-9a-f]{64})$/.exec(imagePath(reference))
  if (match === null) {
    throw new RuntimeError('other', `${JSON.stringify(reference)} is not of the form host/repository@sha256:….`)
  }
  const [, host = '', path = '', digest = ''] = match
  return { name: host + path, digest, host }
}
