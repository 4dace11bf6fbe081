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

/** Starts nginx with `workers` processes; what comes for `path` goes to a container, connections to it kept. */
export async function startNginx(path: string, address: string, workers: number): Promise<Nginx> {
  const directory = await mkdtemp(join(tmpdir(), 'slw-nginx-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const configuration = join(directory, 'nginx.conf')
  await writeFile(configuration, settings(directory, port, path, address, workers))
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

const settings = (directory: string, port: number, path: string, address: string, workers: number): string => `
daemon off;
worker_processes ${workers};
pid ${directory}/nginx.pid;
events { worker_connections 1024; }
http {
  access_log off;
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
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_pass http://model/invocations;
    }
  }
}
`
