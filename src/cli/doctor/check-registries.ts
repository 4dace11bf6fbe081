import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Config } from '../../config/schema.ts'
import { type Finding, ok, problem, warning } from './check.ts'

/** Every registry of the configuration: does it answer as one. */
export const checkRegistries = (config: Config): Promise<Finding[]> =>
  Promise.all(Object.keys(config.registries).map((host) => checkRegistry(config, host)))

async function checkRegistry(config: Config, host: string): Promise<Finding> {
  const settings = config.registries[host]
  const check = `registry ${host}`
  try {
    const passwordFile = settings?.passwordFile
    if (passwordFile !== undefined) readFileSync(passwordFile)
    const ca = [config.caFile, settings?.caFile].flatMap((file) =>
      file === undefined ? [] : [readFileSync(file, 'utf8')],
    )
    const plain = settings?.plainHttp === true || config.plainHttpRegistries.includes(host)
    const status = await probe(`${plain ? 'http' : 'https'}://${host}/v2/`, ca)
    if (status === 200) return ok(check, 'answers, no login needed')
    if (status === 401) return ok(check, 'answers and asks for a login')
    return warning(check, `/v2/ answered ${status}`, 'is this a Docker registry (HTTP API V2)?')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return problem(
      check,
      `cannot be used: ${code ?? message}`,
      'check host, port, caFile, passwordFile and plainHttp in the configuration',
    )
  }
}

function probe(url: string, ca: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = { signal: AbortSignal.timeout(5_000), ...(ca.length > 0 && { ca: [...ca] }) }
    const request = url.startsWith('https:') ? httpsRequest(url, options) : httpRequest(url, options)
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
    request.end()
  })
}
