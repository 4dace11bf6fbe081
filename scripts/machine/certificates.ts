import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** A key and its certificate, as PEM texts and as files. */
export interface Certificate {
  readonly certificate: string
  readonly key: string
  readonly certificateFile: string
  readonly keyFile: string
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
const RSA = ['-newkey', 'rsa:2048']

/** A certificate authority of our own, valid for two days. */
export async function createAuthority(directory: string, name = 'ca'): Promise<Certificate> {
  return request(directory, name, [
    ...EC,
    ...['-subj', `/CN=Slipway private authority ${name}`],
    ...['-addext', 'basicConstraints=critical,CA:TRUE', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'],
  ])
}

/** A server certificate of `authority` for the given host names and IPv4 addresses. */
export async function createServerCertificate(
  directory: string,
  authority: Certificate,
  hosts: readonly string[],
  name = 'server',
): Promise<Certificate> {
  const names = hosts.map((host) => `${/^[\d.]+$/.test(host) ? 'IP' : 'DNS'}:${host}`).join(',')
  return request(directory, name, [
    ...EC,
    ...['-subj', '/CN=slipway-registry', '-CA', authority.certificateFile, '-CAkey', authority.keyFile],
    ...['-addext', `subjectAltName=${names}`, '-addext', 'basicConstraints=critical,CA:FALSE'],
    ...['-addext', 'extendedKeyUsage=serverAuth'],
  ])
}

/** A self-signed RSA certificate whose key signs registry tokens. */
export async function createSigningCertificate(directory: string, name = 'tokens'): Promise<Certificate> {
  return request(directory, name, [...RSA, '-subj', '/CN=Slipway token server'])
}

async function request(directory: string, name: string, options: readonly string[]): Promise<Certificate> {
  const certificateFile = join(directory, `${name}.crt`)
  const keyFile = join(directory, `${name}.key`)
  await run('openssl', [
    'req',
    '-x509',
    '-nodes',
    '-days',
    '2',
    ...options,
    '-keyout',
    keyFile,
    '-out',
    certificateFile,
  ])
  const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')])
  return { certificate, key, certificateFile, keyFile }
}
