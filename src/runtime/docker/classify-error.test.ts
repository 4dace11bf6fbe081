import { describe, expect, it } from 'vitest'
import { classifyError } from './classify-error.ts'

const DIGEST = `sha256:${'0'.repeat(64)}`
const PODMAN = `initializing source docker://127.0.0.1:5000/m/c@${DIGEST}: `

describe('classifyError', () => {
  it.each([
    // Docker 20.10
    ['unauthorized', 500, 'unauthorized: authentication required'],
    ['unauthorized', 500, `Get "http://127.0.0.1:36695/v2/team/model/manifests/${DIGEST}": no basic auth credentials`],
    ['unauthorized', 500, 'Get "http://x/v2/m/manifests/1": unauthorized: incorrect username or password'],
    [
      'unauthorized',
      404,
      "pull access denied for 127.0.0.1:5000/m, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    ],
    ['not-found', 404, `manifest for 127.0.0.1:5000/m@${DIGEST} not found: manifest unknown: manifest unknown`],
    ['not-found', 404, 'No such image: team/model:1'],
    ['not-found', 404, 'No such container: 0123'],
    ['not-found', 404, 'network slipway not found'],
    ['registry-unreachable', 500, 'Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused'],
    [
      'registry-unreachable',
      500,
      'Get "https://172.17.0.250:5000/v2/": dial tcp 172.17.0.250:5000: connect: no route to host',
    ],
    [
      'registry-unreachable',
      500,
      'Get "https://r.invalid/v2/": dial tcp: lookup r.invalid on 10.0.0.1:53: no such host',
    ],
    [
      'registry-unreachable',
      500,
      'Get "https://r.example/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    ],
    ['registry-unreachable', 500, 'toomanyrequests: You have reached your pull rate limit.'],
    ['untrusted-certificate', 500, 'Get "https://172.17.0.1:5000/v2/": x509: certificate signed by unknown authority'],
    ['untrusted-certificate', 500, 'Get "https://r:5000/v2/": http: server gave HTTP response to HTTPS client'],
    ['corrupt-image', 200, `filesystem layer verification failed for digest ${DIGEST}`],
    ['corrupt-image', 200, 'unknown blob'],
    ['corrupt-image', 200, 'unexpected EOF'],
    ['no-space', 200, 'write /var/lib/docker/tmp/GetImageBlob1: no space left on device'],
    [
      'no-space',
      200,
      'failed to register layer: Error processing tar file(exit status 1): write /x: no space left on device',
    ],
    [
      'bad-entrypoint',
      400,
      'failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "/usr/bin/absent": stat /usr/bin/absent: no such file or directory: unknown',
    ],
    [
      'bad-entrypoint',
      400,
      'OCI runtime create failed: container_linux.go:380: starting container process caused: exec: "serve": executable file not found in $PATH: unknown',
    ],
    [
      'bad-entrypoint',
      400,
      'OCI runtime create failed: runc create failed: unable to start container process: exec: "/app": permission denied: unknown',
    ],
    ['bad-entrypoint', 400, 'No command specified'],
    ['conflict', 409, 'Conflict. The container name "/x" is already in use by container "0123".'],
    [
      'conflict',
      500,
      'driver failed programming external connectivity on endpoint x: Bind for 127.0.0.1:80 failed: port is already allocated',
    ],
    ['conflict', 409, 'removal of container 0123 is already in progress'],
    // Podman 4.3
    [
      'unauthorized',
      200,
      `${PODMAN}reading manifest ${DIGEST} in 127.0.0.1:5000/m/c: unauthorized: authentication required`,
    ],
    [
      'unauthorized',
      200,
      `${PODMAN}unable to retrieve auth token: invalid username/password: unauthorized: incorrect username or password`,
    ],
    [
      'unauthorized',
      200,
      `${PODMAN}reading manifest ${DIGEST} in 127.0.0.1:5000/m/c: errors:\ndenied: requested access to the resource is denied\nunauthorized: authentication required`,
    ],
    ['not-found', 200, `${PODMAN}reading manifest ${DIGEST} in 127.0.0.1:5000/m/c: manifest unknown: manifest unknown`],
    ['not-found', 404, 'failed to find image m/c: m/c: No such image'],
    ['not-found', 404, 'no container with name or ID "0123" found: no such container'],
    ['not-found', 404, 'unable to find network with name or ID slipway: network not found'],
    [
      'registry-unreachable',
      200,
      `${PODMAN}pinging container registry r.invalid:5000: Get "https://r.invalid:5000/v2/": dial tcp: lookup r.invalid on 10.0.0.1:53: no such host`,
    ],
    [
      'untrusted-certificate',
      200,
      `${PODMAN}pinging container registry 10.0.0.1:5000: Get "https://10.0.0.1:5000/v2/": x509: certificate is valid for 127.0.0.1, not vm`,
    ],
    [
      'corrupt-image',
      200,
      `writing blob: storing blob to file "/var/tmp/storage1/1": happened during read: Digest did not match, expected ${DIGEST}, got sha256:1`,
    ],
    [
      'corrupt-image',
      200,
      `reading blob ${DIGEST}: Error fetching blob: invalid status code from registry 404 (Not Found)`,
    ],
    [
      'bad-entrypoint',
      500,
      'runc: runc create failed: unable to start container process: exec: "/usr/bin/absent": stat /usr/bin/absent: no such file or directory: OCI runtime attempted to invoke a command that was not found',
    ],
    [
      'bad-entrypoint',
      500,
      'crun: executable file `serve` not found in $PATH: OCI runtime attempted to invoke a command that was not found',
    ],
    [
      'conflict',
      409,
      'the container name "x" is already in use by 0123. You have to remove that container to be able to reuse that name',
    ],
    ['conflict', 409, 'network name x already used: network already exists'],
    ['conflict', 500, 'rootlessport listen tcp 127.0.0.1:80: bind: address already in use'],
    // No text that says it
    ['unauthorized', 403, 'status 403'],
    ['not-found', 404, 'status 404'],
    ['conflict', 409, 'status 409'],
    ['other', 500, 'crun: setrlimit RLIMIT_NOFILE: Operation not permitted'],
    ['other', 500, ''],
  ] as const)('%s: %d %s', (reason, status, message) => {
    expect(classifyError(status, message)).toBe(reason)
  })

  it('is not misled by the name of a repository or host', () => {
    const message = `manifest for 127.0.0.1:5000/unauthorized/conflict@${DIGEST} not found: manifest unknown`
    expect(classifyError(404, message)).toBe('not-found')
    const refused = 'Get "http://unauthorized.example/x509:/v2/": dial tcp 10.0.0.1:80: connect: connection refused'
    expect(classifyError(500, refused)).toBe('registry-unreachable')
  })
})
