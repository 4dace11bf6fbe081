import { styleText } from 'node:util'

type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red'

/** Colours text where standard output is a terminal that wants colours. */
export const style = (format: Style, text: string): string => styleText(format, text, { stream: process.stdout })

/** Lays rows out in columns below a heading. Cells may hold colours. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((title, column) => Math.max(title.length, ...rows.map((row) => width(row[column] ?? ''))))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - width(cell)))
      .join('  ')
      .trimEnd()
  return [style('bold', line(heading)), ...rows.map(line)].map((text) => `${text}\n`).join('')
}

/** How wide a cell is on the screen: escape sequences take no room. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences begin with one
const width = (cell: string): number => cell.replace(/\u001b\[[0-9;]*m/g, '').length

/** A duration as people say it: `4 s`, `3 min`, `2 h`, `5 d`. */
export function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} d`
}
