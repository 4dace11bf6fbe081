import { compatibilityPage } from './compatibility.ts'
import { configurationPage } from './configuration.ts'

/** The pages of docs/ that are made from code. */
export const pages: readonly { readonly file: string; readonly render: () => string | Promise<string> }[] = [
  { file: 'compatibility.md', render: compatibilityPage },
  { file: 'configuration.md', render: configurationPage },
]
