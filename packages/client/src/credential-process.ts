/**
 * `credential_process` for S3 Access Grants: the caller's own AWS identity asks, the answer is what AWS CLI, boto3, rclone and
 * every SDK understand. Kept in a file until shortly before the end.
 */
import { fromNodeProviderChain } from '@aws-sdk/credential-providers'
import { awsVendor } from './access-grants.ts'
import { type ProcessCredentials, throughFile } from './credential-file.ts'
import type { Permission } from './wanted.ts'

export interface CredentialProcessOptions {
  /** `s3://bucket/prefix/*`, or `s3://bucket/key`. */
  readonly target: string
  readonly permission: Permission
  /** Seconds, 900 to 43,200; undefined: an hour. */
  readonly durationSeconds?: number | undefined
  /** Profile of the AWS configuration whose identity asks; undefined: the SDK's default chain. */
  readonly profile?: string | undefined
  readonly region?: string | undefined
  /** In the place of AWS's own addresses: a sandbox. */
  readonly endpoint?: string | undefined
  readonly cacheFolder: string
}

/** Throws TypeError for a target that is none, AccessDenied where no grant covers it. */
export async function credentialProcess(options: CredentialProcessOptions): Promise<ProcessCredentials> {
  const { target, permission, durationSeconds, profile, region, endpoint, cacheFolder: folder } = options
  const bucket = /^s3:\/\/([^/*]+)\//.exec(target)?.[1]
  if (bucket === undefined)
    throw new TypeError(`\`${target}\` is no target: write s3://bucket/prefix/* or s3://bucket/key`)
  const clientConfig = region === undefined ? {} : { region }
  const own = fromNodeProviderChain({ clientConfig, ...(profile === undefined ? {} : { profile }) })
  const credentials = await own()
  const about = [credentials.accessKeyId, target, permission, durationSeconds, endpoint]
  return throughFile({ folder, about, now: Date.now }, async () => {
    const vendor = awsVendor({ credentials, region, endpoint, durationSeconds })
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = (
      await vendor.vend({ bucket, target, permission })
    ).credentials
    return {
      ...{ Version: 1, AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey },
      ...{ SessionToken: sessionToken, Expiration: expiration.toISOString() },
    } as const
  })
}
