import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pages } from './docs/pages.ts'

// Writes the pages of docs/ that are made from code. Usage: npm run docs

for (const { file, render } of pages) {
  writeFileSync(fileURLToPath(new URL(`../docs/${file}`, import.meta.url)), await render())
}
