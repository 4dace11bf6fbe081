/**
 * Who acts. Known for every request before its handler runs, and handed to every facade, so that work done on
 * someone's behalf (an execution role that reads S3) is attributed and authorised like a request of its own.
 */
export interface Principal {
  readonly kind: 'root' | 'user' | 'role' | 'service' | 'anonymous'
  /** Twelve digits; empty for an anonymous caller. */
  readonly account: string
  /** `arn:aws:iam::…:root`, `…:user/NAME`, `arn:aws:sts::…:assumed-role/ROLE/SESSION`, or a service's DNS name. */
  readonly arn: string
  /** What `aws:userid` shows: the account, AIDA…, or AROA…:SESSION. */
  readonly userId: string
  /** The access key that signed the request, if one did. */
  readonly accessKeyId?: string
  /** For an assumed role: the ARN of the role itself. */
  readonly roleArn?: string
  /** Of temporary credentials. */
  readonly session?: PrincipalSession
}

/** What temporary credentials add to who holds them. */
export interface PrincipalSession {
  /** Epoch milliseconds. */
  readonly issuedAt: number
  /** A document and the ARNs of managed policies that narrow what the principal may do. */
  readonly policy?: string
  readonly policyArns?: readonly string[]
  readonly sourceIdentity?: string
}
