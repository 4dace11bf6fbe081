import { stripVTControlCharacters, styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

const { stdout } = process

/** Of titles, so that the durations stand in a column; as in progress.py. */
const TITLE_WIDTH = 62

/** Colours text where standard output is a terminal that wants colours. */
export const paint = (style: Style, text: string): string => styleText(style, text, { stream: stdout })

/** Prints a line. */
export const say = (text = ''): void => void stdout.write(`${text}\n`)

/**
 * Shows what is being done, then a tick, how long it took and what `result` says of it; a cross when it rejects. Looks
 * as progress.py does, which takes over for the walk.
 */
export async function step<T>(title: string, action: () => Promise<T>, result?: (value: T) => string): Promise<T> {
  const started = performance.now()
  const show = (mark: string, more: string) => {
    const line = `  ${mark} ${title.padEnd(TITLE_WIDTH)} ${paint('dim', more)}`.trimEnd()
    if (stdout.isTTY) stdout.write(`\r\u001b[K${mark === '…' ? line : `${line}\n`}`)
    else if (mark !== '…') stdout.write(`${stripVTControlCharacters(line)}\n`)
  }
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`.padStart(6)
  show('…', '')
  try {
    const value = await action()
    show(paint('green', '✔'), `${seconds()}  ${result?.(value) ?? ''}`.trimEnd())
    return value
  } catch (error) {
    show(paint('red', '✘'), seconds())
    throw error
  }
}
