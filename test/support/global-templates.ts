import { temporaryDirectory } from './temporary-directory.ts'

/** Gives all test files of a run one directory to leave what is costly to make for the next (see store-templates.ts). */
export async function setup(): Promise<() => Promise<void>> {
  const directory = await temporaryDirectory()
  process.env.TEST_TEMPLATES = directory.path
  return directory.remove
}
