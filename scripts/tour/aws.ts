/** What a data consumer does with AWS, by the real SDK: ask Access Grants for credentials, read S3 with them. */
import assert from 'node:assert/strict'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { GetDataAccessCommand, S3ControlClient } from '@aws-sdk/client-s3-control'

export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface GrantsClient {
  credentialsFor(target: string): Promise<AwsCredentials>
  /** Throws unless AWS refuses with the words for "no grant matches". */
  isRefused(target: string): Promise<void>
  read(credentials: AwsCredentials, bucket: string, key: string): Promise<string>
  /** Throws unless S3 refuses because the session's policy does not reach so far. */
  cannotRead(credentials: AwsCredentials, bucket: string, key: string): Promise<void>
}

export function awsAs(
  credentials: AwsCredentials,
  account: { readonly accountId: string; readonly region: string },
  endpoint: string,
): GrantsClient {
  const { accountId, region } = account
  const control = new S3ControlClient({
    region,
    credentials,
    disableHostPrefix: true,
    // The SDK's own rules put the account into the host name, which no local address has.
    endpointProvider: () => ({
      url: new URL(endpoint),
      headers: {},
      properties: {
        authSchemes: [
          { name: 'sigv4', signingName: 's3', signingRegion: region, disableDoubleEncoding: true, properties: {} },
        ],
      },
    }),
  })
  const vend = (target: string) =>
    control.send(new GetDataAccessCommand({ AccountId: accountId, Target: target, Permission: 'READ' }))
  const read = async (vended: AwsCredentials, bucket: string, key: string) => {
    const s3 = new S3Client({ region, endpoint, forcePathStyle: true, credentials: vended })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }))
    return (await Body?.transformToString()) ?? ''
  }
  return {
    async credentialsFor(target) {
      const { Credentials: vended } = await vend(target)
      assert.ok(vended?.AccessKeyId && vended.SecretAccessKey && vended.SessionToken)
      return {
        accessKeyId: vended.AccessKeyId,
        secretAccessKey: vended.SecretAccessKey,
        sessionToken: vended.SessionToken,
      }
    },
    async isRefused(target) {
      await assert.rejects(vend(target), {
        name: 'AccessDenied',
        message: `You do not have READ permissions to the requested S3 Prefix: ${target}`,
      })
    },
    read,
    async cannotRead(vended, bucket, key) {
      await assert.rejects(read(vended, bucket, key), { name: 'AccessDenied', message: /no session policy allows/ })
    },
  }
}
