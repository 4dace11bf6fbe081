import type {
  BatchDescribeModelPackageInput,
  BatchDescribeModelPackageOutput,
  BatchDescribeModelPackageSummary,
} from '../../../model/generated/sagemaker.ts'
import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import { ServiceError } from '../../../wire/service-error.ts'
import type { RequestContext } from '../../operation.ts'
import type { SagemakerDeps } from '../sagemaker-deps.ts'
import { missingPackage } from './errors.ts'
import { readDocument, summarize } from './package-document.ts'
import { keyOfRow, type PackageReference, packageArn, parsePackage } from './package-reference.ts'
import { findPackages } from './package-store.ts'

/** Describes up to 100 packages; those that cannot be described are told apart by their ARNs, as they were given. */
export async function batchDescribeModelPackage(
  deps: SagemakerDeps,
  input: BatchDescribeModelPackageInput,
  context: RequestContext,
): Promise<BatchDescribeModelPackageOutput> {
  const summaries: Record<string, BatchDescribeModelPackageSummary> = {}
  const errors: Record<string, { ErrorCode: string; ErrorResponse: string }> = {}
  const references = new Map<string, PackageReference>()
  const { principal, origin } = context
  const asked = { principal, origin, action: 'sagemaker:BatchDescribeModelPackage', service: 'sagemaker' }
  for (const given of input.ModelPackageArnList) {
    try {
      const reference = parsePackage(given, context)
      await deps.authorizer.require({ ...asked, resource: reference.arn })
      references.set(given, reference)
    } catch (error) {
      errors[given] = entryError(error)
    }
  }
  const rows = await readPackages(deps, [...references.values()])
  for (const [given, { arn }] of references) {
    const row = rows.get(arn)
    if (row === undefined) errors[given] = entryError(missingPackage(arn))
    else summaries[given] = batchSummary(row)
  }
  return { ModelPackageSummaries: summaries, BatchDescribeModelPackageErrorMap: errors }
}

/** The packages that exist, by ARN. A query reads those of one owner. */
async function readPackages(
  { database }: SagemakerDeps,
  references: readonly PackageReference[],
): Promise<ReadonlyMap<string, ModelPackageRow>> {
  const rows = new Map<string, ModelPackageRow>()
  for (const [first, ...others] of Map.groupBy(references, ({ account, region }) => `${account} ${region}`).values()) {
    if (first === undefined) continue
    for (const row of await findPackages(database, first, [first, ...others])) rows.set(packageArn(keyOfRow(row)), row)
  }
  return rows
}

function entryError(error: unknown): { ErrorCode: string; ErrorResponse: string } {
  if (!(error instanceof ServiceError)) throw error
  return { ErrorCode: error.code, ErrorResponse: error.message }
}

function batchSummary(row: ModelPackageRow): BatchDescribeModelPackageSummary {
  const { ModelPackageName: _, ModelLifeCycle: __, ...summary } = summarize(row)
  return {
    ...summary,
    InferenceSpecification: readDocument(row).InferenceSpecification,
  } as BatchDescribeModelPackageSummary
}
