/**
 * What the contract is run against: the sandbox, or AWS itself. The suite knows nothing else of either.
 * A target hands out clients; it makes the suite's surroundings beforehand and takes away only what it made itself.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3ControlClient } from '@aws-sdk/client-s3-control'
import type { STSClient } from '@aws-sdk/client-sts'
import type { Unknowns } from '../../packages/sandbox/src/unknowns.ts'

/** Whom a client speaks for, as the SDK's clients take it: keys, a profile, or nothing for the SDK's own chain. */
export interface Identity {
  readonly profile?: string
  readonly credentials?: {
    readonly accessKeyId: string
    readonly secretAccessKey: string
    readonly sessionToken?: string
  }
}

export interface ContractTarget {
  readonly accountId: string
  readonly region: string
  /** Exists, in the account and region; the suite writes only below one new prefix. */
  readonly bucket: string
  /** Trusts access-grants.s3.amazonaws.com and may do in the bucket what grants can give. */
  readonly locationRoleArn: string
  /** Manages Access Grants and the objects in the bucket. */
  readonly admin: Identity
  /** Whom grants are made to; may call GetDataAccess and ListCallerAccessGrants. */
  readonly grantee: Identity & { readonly arn: string }
  /** Has no IAM permission for Access Grants at all. Without one, what is said of it stays untested. */
  readonly stranger?: Identity
  /** How long a change may take to be seen everywhere. */
  readonly patienceMs: number
  control(identity: Identity): S3ControlClient
  s3(identity: Identity): S3Client
  sts(identity: Identity): STSClient
  /** What was answered to a question that nobody outside AWS could settle; gives a line to print, if any. */
  settle<Name extends keyof Unknowns>(name: Name, answer: Unknowns[Name] | string): string | undefined
  close(): Promise<void>
}

/** Repeats `attempt` until it succeeds or the target's patience ends; then its last error is thrown. */
export async function eventually<T>(target: ContractTarget, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + target.patienceMs
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (Date.now() >= deadline) throw error
      await new Promise(resolve => setTimeout(resolve, 1000))
    }
  }
}

export interface Refusal {
  readonly code: string
  readonly status: number
  readonly message: string
}

/** How `promise` was refused by the service, or undefined when it was not. Anything but a refusal is thrown on. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await promise
    return undefined
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    if ($metadata?.httpStatusCode === undefined) throw error
    return { code: name, status: $metadata.httpStatusCode, message }
  }
}
