import { parseArgs } from 'node:util'
import { apiOf } from '../test/support/api.ts'
import { startSlipway } from '../test/support/slipway.ts'
import { median, printTable } from './support/measure.ts'

/*
 * Lists the versions of a model package group page by page: a group of 10,000 against one of 100.
 *   node bench/listing.ts [--rounds N]
 */

const LARGE = 10_000
const PAGE = 100
const AT_ONCE = 16

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } })
const rounds = Number(values.rounds)

const slipway = await startSlipway({ runtime: 'none', workers: 1 })
const api = apiOf(() => slipway)

async function fill(group: string, versions: number): Promise<number> {
  await api.sagemaker('CreateModelPackageGroup', { ModelPackageGroupName: group })
  const start = performance.now()
  let left = versions
  const create = async () => {
    while (left-- > 0) {
      await api.sagemaker('CreateModelPackage', {
        ModelPackageGroupName: group,
        InferenceSpecification: {
          Containers: [{ Image: 'registry.example.com/team/model:1', ModelDataUrl: 's3://models/model.tar.gz' }],
          SupportedContentTypes: ['text/csv'],
          SupportedResponseMIMETypes: ['text/csv'],
        },
      })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, create))
  return versions / ((performance.now() - start) / 1000)
}

/** The times of all pages in milliseconds. */
async function list(group: string): Promise<number[]> {
  const times: number[] = []
  let seen = 0
  let token: unknown
  do {
    const start = performance.now()
    const answer = await api.sagemaker('ListModelPackages', {
      ModelPackageGroupName: group,
      MaxResults: PAGE,
      ...(token !== undefined && { NextToken: token }),
    })
    times.push(performance.now() - start)
    seen += (answer.ModelPackageSummaryList as unknown[]).length
    token = answer.NextToken
  } while (token !== undefined)
  const expected = group === 'large' ? LARGE : PAGE
  if (seen !== expected) throw new Error(`${group} has ${expected} versions, ${seen} were listed`)
  return times
}

try {
  await fill('small', PAGE)
  const rate = await fill('large', LARGE)
  await list('large')
  const small: number[] = []
  const first: number[] = []
  const last: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (let count = 0; count < 10; count++) small.push(...(await list('small')))
    const times = await list('large')
    first.push(...times.slice(0, 10))
    last.push(...times.slice(-10))
  }
  const milliseconds = (times: readonly number[]) => `${median(times).toFixed(2)} ms`
  console.log(
    `pages of ${PAGE}, medians of ${small.length}; versions registered at ${rate.toFixed(0)}/s, ${AT_ONCE} at once`,
  )
  printTable([
    ['', 'a page takes', '× a group of 100'],
    ['group of 100', milliseconds(small), '1.00'],
    ['group of 10,000, first pages', milliseconds(first), (median(first) / median(small)).toFixed(2)],
    ['group of 10,000, last pages', milliseconds(last), (median(last) / median(small)).toFixed(2)],
  ])
} finally {
  await slipway.stop()
}
