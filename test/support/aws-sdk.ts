import type { Slipway } from './slipway.ts'

/** What every client of the AWS SDK for JavaScript is made with. One attempt: an error must not be hidden by a retry. */
export const clientConfig = ({ url, region, accessKeyId, secretAccessKey }: Slipway) => ({
  endpoint: url,
  region,
  credentials: { accessKeyId, secretAccessKey },
  maxAttempts: 1,
})
