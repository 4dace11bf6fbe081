import { createHash } from 'node:crypto'
import type { AddPermissionRequest } from '../../../model/generated/lambda.ts'
import type { Database } from '../../../storage/database.ts'
import { invalidPrincipal } from '../errors.ts'

/** One statement of a function's resource policy, in IAM's form. */
export interface PolicyStatement {
  readonly Sid: string
  readonly Effect: 'Allow'
  readonly Principal: '*' | { readonly Service: string } | { readonly AWS: string }
  readonly Action: string
  readonly Resource: string
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>
}

const IDENTITY =
  /^arn:aws:(?:iam::\d{12}:(?:root|user\/[^*?]+|role\/[^*?]+)|sts::\d{12}:assumed-role\/[^/*?]+\/[^/*?]+)$/

/** The statement that AddPermission asks for. Source: the policies that AWS shows for each of its members. */
export function permissionStatement(input: AddPermissionRequest, arn: string): PolicyStatement {
  const condition: Record<string, Record<string, string>> = {}
  const require = (operator: string, key: string, value: string | undefined) => {
    if (value !== undefined) condition[operator] = { ...condition[operator], [key]: value }
  }
  require('ArnLike', 'AWS:SourceArn', input.SourceArn)
  require('StringEquals', 'AWS:SourceAccount', input.SourceAccount)
  require('StringEquals', 'lambda:EventSourceToken', input.EventSourceToken)
  require('StringEquals', 'aws:PrincipalOrgID', input.PrincipalOrgID)
  require('StringEquals', 'lambda:FunctionUrlAuthType', input.FunctionUrlAuthType)
  require('Bool', 'lambda:InvokedViaFunctionUrl', input.InvokedViaFunctionUrl === undefined
    ? undefined
    : String(input.InvokedViaFunctionUrl))
  return {
    Sid: input.StatementId,
    Effect: 'Allow',
    Principal: policyPrincipal(input.Principal),
    Action: input.Action,
    Resource: arn,
    ...(Object.keys(condition).length > 0 && { Condition: condition }),
  }
}

/** @throws InvalidParameterValueException for an ARN that is nobody's */
function policyPrincipal(principal: string): PolicyStatement['Principal'] {
  if (principal === '*') return '*'
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` }
  if (!principal.startsWith('arn:')) return { Service: principal }
  if (!IDENTITY.test(principal)) throw invalidPrincipal()
  return { AWS: principal }
}

/** A function's statements in the order they were added. */
export async function readStatements(db: Database, functionId: string): Promise<readonly PolicyStatement[]> {
  const rows = await db.query
    .selectFrom('lambda_permissions')
    .select('statement')
    .where('function_id', '=', functionId)
    .orderBy('created_at')
    .orderBy('statement_id')
    .execute()
  return rows.map((row) => JSON.parse(row.statement) as PolicyStatement)
}

/** Names a state of the policy, for `RevisionId`: the same statements have the same one. */
export function policyRevision(statements: readonly PolicyStatement[]): string {
  const digest = createHash('sha256').update(JSON.stringify(statements)).digest('hex')
  return digest.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
