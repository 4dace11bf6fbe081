import { formatArn } from '../../../shared/arn.ts'
import type { RequestContext } from '../../operation.ts'
import { functionMissing, invalidParameterValue } from '../errors.ts'

/** What a function name of a request says; absent parts are those of the caller. */
export interface FunctionReference {
  readonly name: string
  readonly account: string | undefined
  readonly region: string | undefined
  readonly qualifier: string | undefined
}

/** The function a request means: in the region asked, of the account that the name says or else the caller's. */
export interface FunctionAddress {
  readonly account: string
  readonly region: string
  readonly name: string
}

/** The only version there is. */
export const LATEST = '$LATEST'

/** `NAME`, `ACCOUNT:function:NAME`, or an ARN, each with or without `:QUALIFIER`. */
const FORMS =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:([a-z]{2}(?:-[a-z]+)+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9-_.]+)(?::(\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/

/** Takes any of the forms apart; undefined when it is none. */
export function parseFunctionName(text: string): FunctionReference | undefined {
  const match = FORMS.exec(text)
  if (match === null) return undefined
  const [, region, account, name, qualifier] = match
  return { name: name!, account, region, qualifier }
}

export const functionArn = ({ account, region, name }: FunctionAddress, qualifier?: string): string =>
  formatArn({
    service: 'lambda',
    region,
    account,
    resource: `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`,
  })

/**
 * The function that `FunctionName` and `Qualifier` of a request mean. Versions and aliases other than $LATEST do not
 * exist here, so they are not found. Whether the caller may do this with it has been asked before.
 */
export function requestedFunction(
  functionName: string,
  qualifier: string | undefined,
  context: Pick<RequestContext, 'account' | 'region'>,
): FunctionAddress {
  const reference = parseFunctionName(functionName)
  if (reference === undefined) throw invalidParameterValue(`Invalid function name: ${functionName}`)
  if (reference.qualifier !== undefined && qualifier !== undefined && reference.qualifier !== qualifier) {
    throw invalidParameterValue('The derived qualifier from the function name does not match the specified qualifier.')
  }
  const wanted = reference.qualifier ?? qualifier
  const address: FunctionAddress = {
    account: reference.account ?? context.account,
    region: reference.region ?? context.region,
    name: reference.name,
  }
  if (address.region !== context.region || (wanted !== undefined && wanted !== LATEST)) {
    throw functionMissing(functionArn(address, wanted))
  }
  return address
}
