import type { Dimension } from '../../../model/generated/cloudwatch.ts'
import { invalidValue } from '../errors.ts'

/**
 * Dimensions as pairs. `parameter` is where they stand in the request.
 * @throws InvalidParameterValue for a name that comes twice, begins with a colon, or text that is blank or not printable
 */
export function readDimensions(dimensions: readonly Dimension[] | undefined, parameter: string): [string, string][] {
  const seen = new Set<string>()
  return (dimensions ?? []).map(({ Name, Value }, index) => {
    const at = `${parameter}.member.${index + 1}`
    if (seen.has(Name))
      throw invalidValue(`The parameter ${parameter} must not name the dimension ${Name} more than once.`)
    if (Name.startsWith(':') || !isPrintable(Name)) throw invalidText(`${at}.Name`, Name)
    if (!isPrintable(Value)) throw invalidText(`${at}.Value`, Value)
    seen.add(Name)
    return [Name, Value]
  })
}

/** ASCII without control characters, and not blank. Source: Dimension and MetricStreamFilter in the API reference. */
export const isPrintable = (text: string): boolean => /^[\x20-\x7e]+$/.test(text) && text.trim() !== ''

const invalidText = (parameter: string, text: string) =>
  invalidValue(`The value ${text.slice(0, 128)} for parameter ${parameter} is invalid.`)
