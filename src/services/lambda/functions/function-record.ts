import type {
  Architecture,
  Runtime,
  SnapStartApplyOn,
  TracingMode,
  VpcConfig,
} from '../../../model/generated/lambda.ts'
import type { SealedBox } from '../../../shared/sealed-box.ts'
import type { LambdaFunctionRow } from '../../../storage/schema/lambda.ts'
import { type FunctionAddress, functionArn } from './function-name.ts'

/** What a caller configures, with the API's defaults filled in; all but the code and the environment variables. */
export interface FunctionSettings {
  readonly runtime?: Runtime
  readonly handler?: string
  readonly role: string
  readonly description: string
  /** Seconds. */
  readonly timeout: number
  /** MB. */
  readonly memorySize: number
  /** MB of the largest file the function may write. */
  readonly ephemeralStorage: number
  readonly architectures: readonly Architecture[]
  readonly tracing: TracingMode
  readonly snapStart: SnapStartApplyOn
  readonly vpc?: VpcConfig
  readonly logGroup?: string
  readonly kmsKeyArn?: string
  /** Replaces the command of an image. */
  readonly imageCommand?: readonly string[]
}

/** Where a function's code is. */
export type FunctionCodeSource =
  | { readonly type: 'Zip'; readonly blob: string; readonly size: number; readonly sha256: string }
  | { readonly type: 'Image'; readonly imageUri: string; readonly sha256: string }

/** A function as the rest of the service sees it. */
export interface FunctionRecord extends FunctionAddress {
  readonly id: string
  readonly arn: string
  readonly revisionId: string
  readonly settings: FunctionSettings
  readonly variables: Readonly<Record<string, string>> | undefined
  readonly code: FunctionCodeSource
  readonly modifiedAt: number
}

export const logGroupOf = (record: Pick<FunctionRecord, 'name' | 'settings'>): string =>
  record.settings.logGroup ?? `/aws/lambda/${record.name}`

export function recordOfRow(row: LambdaFunctionRow, box: SealedBox): FunctionRecord {
  return {
    account: row.account,
    region: row.region,
    name: row.name,
    id: row.id,
    arn: functionArn(row),
    revisionId: row.revision_id,
    settings: JSON.parse(row.settings) as FunctionSettings,
    variables: row.variables === null ? undefined : unsealVariables(row.id, row.variables, box),
    code:
      row.code_blob === null
        ? { type: 'Image', imageUri: row.image_uri ?? '', sha256: row.code_sha256 }
        : { type: 'Zip', blob: row.code_blob, size: row.code_size, sha256: row.code_sha256 },
    modifiedAt: row.modified_at,
  }
}

const variablesContext = (id: string): string => `lambda-variables/${id}`

function unsealVariables(id: string, sealed: string, box: SealedBox): Readonly<Record<string, string>> {
  const text = box.unseal(sealed, variablesContext(id))
  if (text === undefined) throw new Error(`the variables of function ${id} were not sealed with this master key`)
  return JSON.parse(text) as Record<string, string>
}

/** The columns that hold settings and variables of the function with this id. */
export const settingsColumns = (
  id: string,
  settings: FunctionSettings,
  variables: Readonly<Record<string, string>> | undefined,
  box: SealedBox,
): Pick<LambdaFunctionRow, 'settings' | 'variables'> => ({
  settings: JSON.stringify(settings),
  variables: variables === undefined ? null : box.seal(JSON.stringify(variables), variablesContext(id)),
})

/** The columns that hold the code. */
export const codeColumns = (
  code: FunctionCodeSource,
): Pick<LambdaFunctionRow, 'package_type' | 'code_blob' | 'code_size' | 'code_sha256' | 'image_uri'> => ({
  package_type: code.type,
  code_blob: code.type === 'Zip' ? code.blob : null,
  code_size: code.type === 'Zip' ? code.size : 0,
  code_sha256: code.sha256,
  image_uri: code.type === 'Image' ? code.imageUri : null,
})
