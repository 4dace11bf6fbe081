import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../scripts/machine/process.ts'
import { eventually } from '../../test/support/eventually.ts'
import { freePort } from '../../test/support/ports.ts'

export interface Nginx {
  readonly url: string
  readonly pid: number
  stop(): Promise<void>
}

/** Whose signatures nginx verifies, by LuaJIT. */
export interface Signer {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/**
 * Starts nginx with `workers` processes and an access log; what comes for `path` goes to a container, connections to it kept. With a
 * `signer` it verifies that he has signed it.
 */
export async function startNginx(path: string, address: string, workers: number, signer?: Signer): Promise<Nginx> {
  const directory = await mkdtemp(join(tmpdir(), 'slw-nginx-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const configuration = join(directory, 'nginx.conf')
  await writeFile(configuration, settings(directory, port, path, address, workers, signer))
  const server = startProcess('nginx', ['-p', directory, '-c', configuration, '-e', join(directory, 'error.log')])
  try {
    await eventually(async () => {
      const answer = await fetch(`${url}/ping`)
      if (!answer.ok) throw new Error(`nginx answers ${answer.status}`)
    })
  } catch (error) {
    await server.stop()
    throw new Error(`nginx did not start: ${server.output()}`, { cause: error })
  }
  return {
    url,
    pid: server.pid,
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

const MODULES = ['ndk_http', 'ngx_http_lua']
  .map((name) => `load_module /usr/lib/nginx/modules/${name}_module.so;`)
  .join('\n')

const verifying = ({ accessKeyId, secretAccessKey }: Signer): string =>
  `access_by_lua_block { require("sigv4").verify("${accessKeyId}", "${secretAccessKey}") }`

const settings = (
  directory: string,
  port: number,
  path: string,
  address: string,
  workers: number,
  signer: Signer | undefined,
): string => `
${signer === undefined ? '' : MODULES}
daemon off;
worker_processes ${workers};
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
  ${signer === undefined ? '' : `lua_package_path "${import.meta.dirname}/?.lua;;";`}
  access_log ${directory}/access.log combined buffer=64k flush=1s;
  client_max_body_size 30m;
  client_body_buffer_size 2m;
  keepalive_requests 100000000;
  client_body_temp_path ${directory}/body;
  proxy_temp_path ${directory}/proxy;
  fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi;
  scgi_temp_path ${directory}/scgi;
  upstream model { server ${address}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location = /ping { proxy_pass http://model; }
    location = ${path} {
      ${signer === undefined ? '' : verifying(signer)}
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://model/invocations;
    }
  }
}
`
