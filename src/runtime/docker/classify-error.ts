import type { RuntimeErrorReason } from '../container-runtime.ts'

/**
 * What an engine's error text means. Docker and Podman give the same failure different statuses (Podman reports failed
 * pulls inside a 200 answer), so decisions are made on the text; the status only helps where there is none that says it.
 * Order matters: a text may name several things, and the first rule that matches is the cause.
 */
const RULES: readonly (readonly [RuntimeErrorReason, RegExp])[] = [
  ['no-space', /no space left on device|disk quota exceeded|not enough (free )?(disk )?space/i],
  [
    'untrusted-certificate',
    /x509:|certificate signed by unknown authority|certificate is (not )?valid|server gave HTTP response to HTTPS client|failed to verify certificate|tls: /i,
  ],
  [
    'unauthorized',
    /\bunauthorized\b|no basic auth credentials|pull access denied|requested access to the resource is denied|incorrect username or password|invalid username\/password|authentication required|unable to retrieve auth token|status code 403|\b403 Forbidden/i,
  ],
  [
    'registry-unreachable',
    /connection refused|no such host|no route to host|network is unreachable|i\/o timeout|connection reset by peer|TLS handshake timeout|context deadline exceeded|Client\.Timeout exceeded|request canceled while waiting|server misbehaving|temporary failure in name resolution|pinging container registry|toomanyrequests|too many requests|status code 5\d\d|received unexpected HTTP status: 5\d\d/i,
  ],
  [
    'corrupt-image',
    /filesystem layer verification failed|layer verification|digest did not match|does not match (its )?digest|digest mismatch|unexpected EOF|invalid (tar header|checksum|digest)|error (processing tar file|pulling image configuration|creating diffs|committing)|blob unknown|unknown blob|failed to register layer|archive\/tar|gzip: invalid|unsupported media type|unsupported manifest|mediaType|does not match the specified platform|no matching manifest|no image found in (manifest list|image index)|writing blob|storing blob|reading blob|Digest did not match/i,
  ],
  [
    'bad-entrypoint',
    /OCI runtime create failed.*(executable file not found|no such file or directory|permission denied|exec format error|is a directory)|OCI runtime attempted to invoke a command that was not found|OCI permission denied|exec: .*(executable file not found|no such file or directory|permission denied|exec format error)|executable file .* not found|exec format error|no command specified|no command or entrypoint provided|starting container process caused/is,
  ],
  [
    'not-found',
    /manifest unknown|manifest for .* not found|name unknown|repository .* not found|no such (image|container|network|object)|image not known|no container with name or ID|unable to find .* in local storage|network not found|network \S+ not found/i,
  ],
  [
    'conflict',
    /is already in use|already (exists|used)|port is already allocated|address already in use|already in progress|conflict/i,
  ],
]

/** The reason behind an engine's answer; `other` when the text is unknown. */
export function classifyError(status: number, message: string): RuntimeErrorReason {
  // A repository may be called `team/unauthorized`: names and addresses are no part of the verdict.
  const verdict = message.replace(/\S*(?::\d+|\.\w+)\/\S+|\S+@sha256:\S+/g, '…')
  for (const [reason, pattern] of RULES) {
    if (pattern.test(verdict)) return reason
  }
  if (status === 401 || status === 403) return 'unauthorized'
  if (status === 404) return 'not-found'
  if (status === 409) return 'conflict'
  return 'other'
}
