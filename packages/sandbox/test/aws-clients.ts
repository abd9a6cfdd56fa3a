/** Real clients for IAM, STS and the Identity Store against a sandbox, and the shapes their tests share. */
import { IAMClient } from '@aws-sdk/client-iam'
import { IdentitystoreClient } from '@aws-sdk/client-identitystore'
import { STSClient } from '@aws-sdk/client-sts'
import type { Keys } from './world.ts'

const region = 'eu-west-1'

export interface Clients {
  readonly iam: IAMClient
  readonly sts: STSClient
  readonly store: IdentitystoreClient
}

export function clientsOf(sandbox: { readonly url: string }, keys: Keys): Clients {
  const { accessKeyId, secretAccessKey, sessionToken } = keys
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  const settings = { region, endpoint: sandbox.url, credentials, maxAttempts: 1 }
  return { iam: new IAMClient(settings), sts: new STSClient(settings), store: new IdentitystoreClient(settings) }
}

/** Credentials of an AssumeRole or GetSessionToken answer. Throws when there are none. */
export function keysOf(answer: {
  readonly Credentials?:
    | { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined }
    | undefined
}): Required<Keys> {
  const { AccessKeyId, SecretAccessKey, SessionToken } = answer.Credentials ?? {}
  if (!AccessKeyId || !SecretAccessKey || !SessionToken) throw new Error('the answer has no credentials')
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
}

export function policyText(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}
