import { expect, it } from 'vitest'
import type { RouteTable } from '../../../dataplane/route-table.ts'
import type { AnswerStream } from '../answer-stream.ts'
import { type AcceptDeps, invokeEndpointAsync } from './invoke-endpoint-async.ts'

const accepted: unknown[] = []
const deps = {
  routes: {
    find: () => ({
      endpointName: 'e',
      async: { queueId: 'q', outputPath: `s3://b/${'p'.repeat(500)}`, failurePath: undefined, responseIn: [] },
    }),
  } as unknown as RouteTable,
  queue: { accept: async (request: unknown) => accepted.push(request) },
  nextId: () => 'id',
} as unknown as AcceptDeps

/** Resolves to the headers of the answer. */
async function invoke(extension: string): Promise<readonly string[]> {
  const answer: string[] = []
  const response = { writeHead: (_: number, headers: string[]) => answer.push(...headers), end: () => {} }
  const headers = {
    'x-amzn-sagemaker-inputlocation': 's3://b/in',
    'x-amzn-sagemaker-s3outputpathextension': extension,
  }
  const context = { requestId: 'r', account: '1', region: 'r', now: 0 }
  await invokeEndpointAsync(
    deps,
    { endpointName: 'e', headers, body: [] },
    response as unknown as AnswerStream,
    context,
  )
  return answer
}

it('refuses at once what could have no output because of the length of its key', async () => {
  // The path, a slash each side of the extension, and a name of 40.
  const most = 1_024 - 500 - 2 - 40
  await expect(invoke('e'.repeat(most + 1))).rejects.toMatchObject({
    code: 'ValidationError',
    message: expect.stringContaining('a key of more than 1024 bytes'),
  })
  expect(accepted).toEqual([])
  expect((await invoke('e'.repeat(most))).find((value) => value.startsWith('s3://'))).toHaveLength(
    's3://b/'.length + 1_024,
  )
  expect(accepted).toHaveLength(1)
})
