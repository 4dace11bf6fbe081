import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startProcess } from '../../scripts/machine/process.ts'
import { eventually } from '../../test/support/eventually.ts'
import { freePort } from '../../test/support/ports.ts'

/** nginx in a container's place: answers every invocation with the same few bytes. */
export async function startStaticContainer(): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'slw-bench-'))
  const address = `127.0.0.1:${await freePort()}`
  const configuration = join(directory, 'nginx.conf')
  await writeFile(
    configuration,
    `
daemon off;
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
  server { listen ${address}; location / { return 200 "0.97\\n"; } }
}
`,
  )
  const server = startProcess('nginx', ['-p', directory, '-c', configuration, '-e', join(directory, 'error.log')])
  await eventually(() => fetch(`http://${address}/ping`))
  return {
    address,
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
