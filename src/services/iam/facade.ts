import type { Principal } from '../../access/principal.ts'

/** IAM and STS for the other services. */
export interface IamFacade {
  /**
   * The principal of a session of `roleArn` taken by an AWS service such as `sagemaker.amazonaws.com`; undefined when
   * the role does not exist or its trust policy does not admit the service. `sourceArn` is the resource it acts for, where
   * there is one: what trust policies see as `aws:SourceArn`. The account of the resource is always the role's own.
   */
  assumeRoleForService(
    roleArn: string,
    service: string,
    sessionName: string,
    sourceArn?: string,
  ): Promise<Principal | undefined>
  /** Temporary credentials of such a session, for code that runs as the role (a function, a container). */
  issueCredentials(principal: Principal, durationSeconds: number): Promise<TemporaryCredentials>
  /** Whether there is the user or role that an ARN names, in any account: policies that name one that is not there are refused. */
  identityExists(arn: string): Promise<boolean>
  /** Who a principal of earlier is now, renamed perhaps; undefined when the user or role is gone. */
  presentPrincipal(principal: Principal): Promise<Principal | undefined>
}

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Epoch milliseconds. */
  readonly expiration: number
}

/** What STS needs to know of IAM. */
export interface IamDirectory {
  /** The role that an ARN names, path included; undefined when there is none. */
  findRole(roleArn: string): Promise<DirectoryRole | undefined>
  /** Whether a managed policy, of AWS or of the account, exists. */
  policyExists(account: string, policyArn: string): Promise<boolean>
  /**
   * The JSON that DecodeAuthorizationMessage answers for an encoded message or a request id; undefined when it is
   * neither, or none of the account's business.
   */
  decodeAuthorizationMessage(encoded: string, account: string): Promise<string | undefined>
}

export interface DirectoryRole {
  readonly account: string
  readonly path: string
  readonly name: string
  /** `AROA…` */
  readonly id: string
  readonly trustPolicy: string
  readonly tags: Readonly<Record<string, string>>
  /** Seconds. */
  readonly maxSessionDuration: number
}
