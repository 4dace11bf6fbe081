import { denialIdOf } from '../authorizer.ts'

/** What an error says, and how to ask why when it is a refusal. */
export const explained = (error: Error): string => `${error.message}${denialHint(error)}`

/** How to ask why, to be put behind a sentence; empty for what is no refusal. */
export function denialHint(error: unknown): string {
  const id = denialIdOf(error)
  return id === undefined ? '' : ` To see why: slipway explain ${id}`
}
