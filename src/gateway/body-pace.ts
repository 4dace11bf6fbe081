/**
 * How fast a body must come that is held in memory until it is whole. Bodies that are passed on as they come (S3's objects, layers of
 * images) have no such pace: they hold nothing, and may take as long as a slow line needs.
 */
export interface BodyPace {
  /** Seconds that every body has, however small. */
  readonly bodySeconds: number
  /** What has come buys a second more for each so many bytes. */
  readonly bodyBytesPerSecond: number
}

/** How long a body may have been on its way of which `received` bytes have come, in milliseconds. */
export const timeForBody = (received: number, { bodySeconds, bodyBytesPerSecond }: BodyPace): number =>
  (bodySeconds + received / bodyBytesPerSecond) * 1000
