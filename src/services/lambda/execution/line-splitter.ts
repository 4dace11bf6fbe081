import { StringDecoder } from 'node:string_decoder'

/** Longer lines are cut, so that output without line breaks does not gather in memory. */
const MAX_LINE = 200 * 1024

/** Cuts what a process prints into lines. */
export class LineSplitter {
  readonly #decoder = new StringDecoder('utf8')
  #rest = ''

  /** The lines that this chunk completes. */
  push(chunk: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.write(chunk as Buffer)).split('\n')
    this.#rest = lines.pop() as string
    const complete: string[] = []
    for (const line of lines) complete.push(...this.#pieces(line))
    if (this.#rest.length > MAX_LINE) {
      complete.push(...this.#pieces(this.#rest))
      this.#rest = ''
    }
    return complete
  }

  /** What has come since the last line break, if anything. */
  flush(): string[] {
    const rest = this.#rest
    this.#rest = ''
    return rest === '' ? [] : this.#pieces(rest)
  }

  /** A lone carriage return stands for a line break inside an event: the bootstraps write them so. */
  #pieces(line: string): string[] {
    const text = line.replace(/\r+$/, '').replaceAll('\r', '\n')
    if (text.length <= MAX_LINE) return [text]
    const pieces: string[] = []
    for (let at = 0; at < text.length; at += MAX_LINE) pieces.push(text.slice(at, at + MAX_LINE))
    return pieces
  }
}
