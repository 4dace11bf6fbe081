/** One authentication scheme that a server offers in WWW-Authenticate. */
export interface Challenge {
  /** Lower case. */
  readonly scheme: string
  readonly parameters: Readonly<Record<string, string>>
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y
const PARAMETER = /([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y
const SEPARATORS = /[ \t,]*/y
const MAXIMUM_LENGTH = 8192

/**
 * Reads the values of WWW-Authenticate (RFC 9110 §11.6.1): several challenges may share a line. Reading stops at
 * what it does not understand; what was read before still counts.
 */
export function parseChallenges(values: readonly string[]): Challenge[] {
  return values.filter((value) => value.length <= MAXIMUM_LENGTH).flatMap(parseLine)
}

function parseLine(text: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match === null) return undefined
    at = pattern.lastIndex
    return match
  }
  for (;;) {
    take(SEPARATORS)
    if (at >= text.length) return challenges
    const current = challenges.at(-1)
    const parameter = current === undefined ? undefined : take(PARAMETER)
    if (current !== undefined && parameter !== undefined) {
      const [, name = '', quoted, plain] = parameter
      current.parameters[name.toLowerCase()] = quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1')
      continue
    }
    const scheme = take(TOKEN)
    if (scheme === undefined) return challenges
    challenges.push({ scheme: scheme[0].toLowerCase(), parameters: Object.create(null) as Record<string, string> })
  }
}

/** Bearer with a realm before Basic; undefined when neither is offered. */
export function chooseChallenge(challenges: readonly Challenge[]): Challenge | undefined {
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.realm !== undefined)
  return bearer ?? challenges.find(({ scheme }) => scheme === 'basic')
}
