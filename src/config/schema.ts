import { availableParallelism, homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

/** A number, or a text that is one: flags and variables are texts. An empty text is none. */
const number = (schema: z.ZodNumber) =>
  z.preprocess((value) => {
    if (typeof value !== 'string' || value.trim() === '') return value
    const parsed = Number(value)
    return Number.isNaN(parsed) ? value : parsed
  }, schema)

const seconds = (description: string, fallback: number) =>
  number(z.number().positive().max(86_400)).default(fallback).describe(description)
const count = (description: string, fallback: number) =>
  number(z.number().int().positive()).default(fallback).describe(description)
const flag = (description: string) =>
  z
    .union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
    .default(false)
    .describe(description)

const MIB = 1024 * 1024

/** How the platform logs in to a registry that counts as its own. Never the password itself: a file or a function. */
const registryEntry = z.strictObject({
  credentialsFunction: z.string().min(1).optional().describe('ARN of a Lambda function that returns the credentials'),
  username: z.string().min(1).optional().describe('user name, together with passwordFile'),
  passwordFile: z.string().min(1).optional().describe('path of a file that holds the password'),
  caFile: z.string().min(1).optional().describe('path of a PEM file with further certificate authorities'),
  plainHttp: z.boolean().default(false).describe('speak http instead of https'),
})
const registry = registryEntry
  .refine((entry) => (entry.username === undefined) === (entry.passwordFile === undefined), {
    message: 'username and passwordFile go together',
  })
  .refine((entry) => entry.username === undefined || entry.credentialsFunction === undefined, {
    message: 'give either credentialsFunction or username and passwordFile',
  })

/** Every option of the server. Names are flags in kebab-case, variables as SLIPWAY_UPPER_CASE, keys of the YAML file as here. */
export const configSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  port: number(z.number().int().min(0).max(65_535)).default(8770).describe('port to listen on; 0 picks a free one'),
  dataDir: z
    .string()
    .min(1)
    .default(() => join(homedir(), '.slipway'))
    .describe('directory of the database, the object store and the model cache'),
  workers: number(z.number().int().min(1).max(256))
    .default(() => availableParallelism())
    .describe('number of worker processes; one a core'),
  runtime: z.enum(['auto', 'docker', 'none']).default('auto').describe('what runs containers: auto, docker or none'),
  auth: z
    .enum(['verify', 'trust'])
    .default('verify')
    .describe('verify signatures, or trust any caller (throw-away CI only)'),
  trustRemote: flag('allow auth trust on an address other than loopback'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must look like us-east-1')
    .default('us-east-1')
    .describe('region of callers that name none'),
  stopContainers: flag('remove the model containers when the server stops'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('how much the server writes to standard error'),
  accessLog: z
    .string()
    .min(1)
    .optional()
    .describe(
      'path of a file to which a line of JSON is appended for each request, without queries and headers; rotate it by copying and truncating',
    ),
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .describe('URL under which clients reach the server, when it differs from host and port'),
  s3Domains: z.array(z.string().min(1)).default([]).describe('further domains under which bucket names are host names'),
  limits: z
    .strictObject({
      invocationBytes: count('largest body of InvokeEndpoint, in bytes', 25 * MIB),
      invocationMemoryBytes: count('memory that waiting invocation bodies may take in one worker, in bytes', 512 * MIB),
      bodySeconds: seconds(
        'time a request body that is held in memory has to come, beside what its bytes buy, in seconds; a client that pauses for 60 seconds is refused in any case',
        30,
      ),
      bodyBytesPerSecond: count('bytes of such a body that buy a second more: the least rate of large ones', 4096),
      containerSeconds: seconds('time a container has to answer an invocation, in seconds', 60),
      streamSeconds: seconds('time a container has to finish the response of a stream, in seconds', 480),
      startupSeconds: seconds('time a container has to answer its first ping, in seconds', 240),
      modelArchiveBytes: count('largest unpacked model, in bytes', 100 * 1024 * MIB),
      modelFiles: count('most files in one model', 1_000_000),
      modelCacheBytes: count('size above which unused models are dropped from the cache, in bytes', 200 * 1024 * MIB),
    })
    .prefault({})
    .describe('sizes and times'),
  containers: z
    .strictObject({
      addedCapabilities: z
        .array(z.string().regex(/^[A-Z_]+$/, 'must look like NET_BIND_SERVICE'))
        .default([])
        .describe('Linux capabilities given to model containers'),
      pids: number(z.number().int().min(16)).default(4096).describe('most processes in one container'),
    })
    .prefault({})
    .describe('what model containers may do'),
  metrics: z
    .strictObject({
      flushSeconds: number(z.number().min(1).max(60))
        .default(5)
        .describe('how often what the server counts is stored, in seconds; what a killed worker loses at most'),
      resolutionSeconds: number(
        z.number().refine((value) => [1, 5, 10, 30, 60].includes(value), { message: 'must be 1, 5, 10, 30 or 60' }),
      )
        .default(60)
        .describe("length of the intervals in which the server's own metrics are kept, in seconds: 1, 5, 10, 30 or 60"),
      maxSeries: count('most metrics (name and dimensions) of an account in a region', 10_000),
      tokenFile: z
        .string()
        .min(1)
        .optional()
        .describe('path of a file that holds the token with which other machines may read /metrics'),
      anyAlarmPeriod: flag('let alarms have any period of seconds instead of 10, 20, 30 and multiples of 60'),
    })
    .prefault({})
    .describe('what is kept of metrics'),
  sns: z
    .strictObject({
      allowedNetworks: z
        .array(z.union([z.cidrv4(), z.cidrv6(), z.ipv4(), z.ipv6()]))
        .default([])
        .describe('private networks to whose web servers SNS may send messages, such as 10.1.0.0/16 or 127.0.0.1'),
    })
    .prefault({})
    .describe('where notifications go'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe('path of a PEM file with further certificate authorities for every registry'),
  plainHttpRegistries: z
    .array(z.string().min(1))
    .default([])
    .describe('registry hosts that are spoken to by plain http'),
  registries: z
    .record(z.string().min(1), registry)
    .default({})
    .describe("registries that count as the platform's own, by host[:port]"),
})

/** The keys of an entry of `registries`. */
export const registrySchema: z.ZodObject = registryEntry

export type Config = z.output<typeof configSchema>
export type RegistryConfig = z.output<typeof registry>
