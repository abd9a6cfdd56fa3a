/** How bytes are read in the tour of commands: by the AWS CLI where it is installed, else by the AWS SDK with Headgate's plugin. */
import assert from 'node:assert/strict'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { AccessDenied, accessGrants, awsVendor } from '@headgate/client'
import type { AwsCredentials } from './aws.ts'
import type { Terminal } from './terminal.ts'

export interface S3Reader {
  /** What reads, for people. */
  readonly by: string
  /** @param profile with `credential_process` in the AWS configuration of the terminal */
  read(object: string, profile: string): Promise<string>
  /** Throws unless S3, or AWS when it is asked for credentials, refuses. */
  isRefused(object: string, profile: string): Promise<void>
}

export async function s3Reader(
  terminal: Terminal,
  own: { readonly credentials: AwsCredentials; readonly region: string; readonly endpoint: string },
): Promise<S3Reader> {
  return (await terminal.has('aws')) ? byAwsCli(terminal) : bySdk(own)
}

function byAwsCli({ type }: Terminal): S3Reader {
  return {
    by: '`aws s3 cp`',
    read: (object, profile) => type(`aws s3 cp ${object} - --profile ${profile}`),
    async isRefused(object, profile) {
      assert.match(await type(`aws s3 cp ${object} - --profile ${profile}`, 1), /403|AccessDenied|Forbidden/)
    },
  }
}

function bySdk(own: {
  readonly credentials: AwsCredentials
  readonly region: string
  readonly endpoint: string
}): S3Reader {
  const read = async (object: string) => {
    // A program of its own each time, as the CLI is: a refusal is remembered for a while.
    const s3 = new S3Client({ ...own, forcePathStyle: true })
    s3.middlewareStack.use(accessGrants({ vendor: awsVendor(own) }))
    const [, Bucket = '', Key = ''] = /^s3:\/\/([^/]+)\/(.+)$/.exec(object) ?? []
    return (await (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString()) ?? ''
  }
  return {
    by: 'the AWS SDK with its plugin (no `aws` here)',
    read,
    isRefused: object => assert.rejects(read(object), AccessDenied),
  }
}
