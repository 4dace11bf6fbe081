import type { z } from 'zod'

const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  int: 'a whole number',
  string: 'a text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
}

/**
 * Says in a few words what a value of the configuration should be, and what it is: `must be a number, not "abc"`.
 * Undefined leaves the words to the library. A text that the schema itself gives to a check goes before this one.
 */
export function issueText(issue: z.core.$ZodRawIssue): string | undefined {
  const expected = expectation(issue)
  return expected === undefined ? undefined : `must be ${expected}, not ${shown(issue.input)}`
}

function expectation(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[String(issue.expected)]
    case 'invalid_value':
      return either((issue.values as readonly unknown[]).map(String))
    case 'invalid_union':
      return 'true or false'
    case 'too_small':
      if (issue.origin === 'string') return 'a text that is not empty'
      return `${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'invalid_format':
      return issue.format === 'url' ? 'an http or https URL' : undefined
    default:
      return undefined
  }
}

const either = (values: readonly string[]): string =>
  values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
