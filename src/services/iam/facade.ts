import type { Principal } from '../../access/principal.ts'

/** IAM and STS for the other services. */
export interface IamFacade {
  /**
   * The principal of a session of `roleArn` taken by an AWS service such as `sagemaker.amazonaws.com`; undefined when
   * the role does not exist or its trust policy does not admit the service.
   */
  assumeRoleForService(roleArn: string, service: string, sessionName: string): Promise<Principal | undefined>
  /** Temporary credentials of such a session, for code that runs as the role (a function, a container). */
  issueCredentials(principal: Principal, durationSeconds: number): Promise<TemporaryCredentials>
}

export interface TemporaryCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** Epoch milliseconds. */
  readonly expiration: number
}
