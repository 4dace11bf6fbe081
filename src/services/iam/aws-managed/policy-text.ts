/** A statement that allows; all that AWS's managed policies here are made of. */
export interface AllowStatement {
  readonly Sid?: string
  readonly Effect: 'Allow'
  readonly Action: string | readonly string[]
  readonly Resource?: string | readonly string[]
  readonly NotResource?: readonly string[]
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

/** `of('ecr', 'GetAuthorizationToken', 'Describe*')` → `ecr:GetAuthorizationToken`, `ecr:Describe*`. */
export const of = (service: string, ...names: readonly string[]): readonly string[] =>
  names.map((name) => `${service}:${name}`)

export const allow = (
  Action: string | readonly string[],
  Resource: string | readonly string[] = '*',
  more: Pick<AllowStatement, 'Sid' | 'Condition'> = {},
): AllowStatement => ({ ...more, Effect: 'Allow', Action, Resource })

export const document = (...Statement: readonly AllowStatement[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement }, null, 2)

/** Condition that a role is handed to one of these services. */
export const passedTo = (...services: readonly string[]): Pick<AllowStatement, 'Condition'> => ({
  Condition: {
    StringEquals: {
      'iam:PassedToService':
        services.length === 1 ? `${services[0]}.amazonaws.com` : services.map((name) => `${name}.amazonaws.com`),
    },
  },
})
