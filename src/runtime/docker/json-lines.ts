import { RuntimeError } from '../container-runtime.ts'

/** A longer line is no message of an engine. */
const LONGEST = 4 * 1024 * 1024

/** The JSON values of a stream that has one a line; what is not JSON is passed over. */
export async function* jsonLines<T>(stream: AsyncIterable<Buffer>): AsyncGenerator<T> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > LONGEST) throw new RuntimeError('other', 'The container engine sent a message without end.')
    for (const line of lines) yield* parseLine<T>(line)
  }
  yield* parseLine<T>(rest)
}

function* parseLine<T>(line: string): Generator<T> {
  if (line.trim() === '') return
  try {
    yield JSON.parse(line) as T
  } catch {
    // Podman mixes plain progress texts in.
  }
}
