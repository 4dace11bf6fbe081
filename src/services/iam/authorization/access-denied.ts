import { ServiceError } from '../../../wire/service-error.ts'

/** A refusal, with the id under which `slipway explain` finds why. */
export class AccessDeniedError extends ServiceError {
  readonly denialId: string

  constructor(service: string, message: string, denialId: string, headers: Readonly<Record<string, string>> = {}) {
    const { code, status } = FORMS[service] ?? { code: 'AccessDeniedException', status: 400 }
    super(code, message, { status, headers })
    this.denialId = denialId
  }
}

/** Services that do not say it as most do. */
const FORMS: Readonly<Record<string, { readonly code: string; readonly status: number }>> = {
  s3: { code: 'AccessDenied', status: 403 },
  iam: { code: 'AccessDenied', status: 403 },
  sts: { code: 'AccessDenied', status: 403 },
  lambda: { code: 'AccessDeniedException', status: 403 },
  sns: { code: 'AuthorizationError', status: 403 },
  sqs: { code: 'AccessDenied', status: 403 },
  'sagemaker-runtime': { code: 'AccessDeniedException', status: 403 },
}
