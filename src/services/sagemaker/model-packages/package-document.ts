import type {
  CreateModelPackageInput,
  DescribeModelPackageOutput,
  ModelApprovalStatus,
  ModelLifeCycle,
  ModelPackageRegistrationType,
  ModelPackageStatus,
} from '../../../model/generated/sagemaker.ts'
import type { ModelPackageRow } from '../../../storage/schema/sagemaker.ts'
import { keyOfRow, packageArn } from './package-reference.ts'

/** The members of a package that lie together in the column `document`; the others have columns of their own. */
const DOCUMENT_MEMBERS = [
  'InferenceSpecification',
  'CertifyForMarketplace',
  'MetadataProperties',
  'ModelMetrics',
  'Domain',
  'Task',
  'SamplePayloadUrl',
  'CustomerMetadataProperties',
  'DriftCheckBaselines',
  'AdditionalInferenceSpecifications',
  'SkipModelValidation',
  'SourceUri',
  'SecurityConfig',
  'ModelCard',
] as const satisfies readonly (keyof CreateModelPackageInput)[]

export type PackageDocument = Pick<
  DescribeModelPackageOutput,
  (typeof DOCUMENT_MEMBERS)[number] | 'ApprovalDescription' | 'CreatedBy' | 'LastModifiedBy'
>

/** The members of a request that are kept in the document. */
export function documentOf(input: CreateModelPackageInput): PackageDocument {
  return Object.fromEntries(DOCUMENT_MEMBERS.map((member) => [member, input[member]]))
}

export const readDocument = (row: Pick<ModelPackageRow, 'document'>): PackageDocument =>
  JSON.parse(row.document) as PackageDocument

/** The columns that a summary in a list needs. */
export type PackageSummaryRow = Omit<ModelPackageRow, 'document' | 'revision' | 'modified_at'>

/** What a list shows of a package, and what a description begins with. Names are only there where they apply. */
export function summarize(row: PackageSummaryRow) {
  const versioned = row.version > 0
  return {
    ModelPackageName: versioned ? undefined : row.name,
    ModelPackageGroupName: versioned ? row.name : undefined,
    ModelPackageVersion: versioned ? row.version : undefined,
    ModelPackageArn: packageArn(keyOfRow(row)),
    ModelPackageDescription: row.description ?? undefined,
    CreationTime: row.created_at,
    ModelPackageStatus: row.status as ModelPackageStatus,
    ModelApprovalStatus: (row.approval_status ?? undefined) as ModelApprovalStatus | undefined,
    ModelLifeCycle: row.life_cycle === null ? undefined : (JSON.parse(row.life_cycle) as ModelLifeCycle),
    ModelPackageRegistrationType: (row.registration_type ?? undefined) as ModelPackageRegistrationType | undefined,
  }
}

/** The whole description. A version has no `ModelPackageName`, although the published shape calls it required. */
export function describe(row: ModelPackageRow): DescribeModelPackageOutput {
  return {
    ...readDocument(row),
    ...summarize(row),
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    LastModifiedTime: row.modified_at ?? undefined,
  } as DescribeModelPackageOutput
}
