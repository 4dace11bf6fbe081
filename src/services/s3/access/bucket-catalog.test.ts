import { expect, it } from 'vitest'
import { testStores } from '../../../../test/support/databases.ts'
import { ACCOUNT, startS3 } from '../../../../test/support/s3-service.ts'

it('decides about nobody’s bucket once it is gone, not about whose it was', async () => {
  const s3 = await startS3(await testStores[0]!.create())
  try {
    const { buckets } = s3.deps
    await s3.call('CreateBucket', { Bucket: 'passing' })
    expect(await buckets.find('passing')).toMatchObject({ account: ACCOUNT })
    expect(buckets.lastOwner('passing')).toBe(ACCOUNT)
    await s3.call('DeleteBucket', { Bucket: 'passing' })
    expect(await buckets.find('passing')).toBeUndefined()
    expect(buckets.lastOwner('passing')).toBeUndefined()
  } finally {
    await s3.stop()
  }
})
