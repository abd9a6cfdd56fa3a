// A sandbox with an account and real S3 and IAM clients for it, for the S3 tests. Clients are closed with the sandbox.

import http from 'node:http'
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3'
import { startSandbox } from '../src/index.ts'

export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface S3World {
  readonly sandbox: Awaited<ReturnType<typeof startSandbox>>
  readonly url: string
  /** An administrator of a new account. */
  account(accountId: string): Promise<Keys>
  /** A client in eu-central-1 unless `config` says otherwise. */
  client(keys: Keys, config?: S3ClientConfig): S3Client
  /** A new IAM user with exactly these statements. */
  user(admin: Keys, name: string, statements: readonly object[]): Promise<Keys>
  close(): Promise<void>
}

export async function s3World(): Promise<S3World> {
  const sandbox = await startSandbox()
  const clients: { destroy(): void }[] = []
  const opened = <Client extends { destroy(): void }>(client: Client): Client => {
    clients.push(client)
    return client
  }
  return {
    sandbox,
    url: sandbox.url,
    async account(accountId) {
      const answer = await fetch(`${sandbox.url}/_sandbox/accounts`, {
        method: 'POST',
        body: JSON.stringify({ accountId }),
      })
      return (await answer.json()) as Keys
    },
    client(keys, config = {}) {
      return opened(
        new S3Client({
          endpoint: sandbox.url,
          region: 'eu-central-1',
          forcePathStyle: true,
          credentials: keys,
          maxAttempts: 1,
          ...config,
        }),
      )
    },
    async user(admin, name, statements) {
      const iam = opened(
        new IAMClient({ endpoint: sandbox.url, region: 'us-east-1', credentials: admin, maxAttempts: 1 }),
      )
      await iam.send(new CreateUserCommand({ UserName: name }))
      const document = JSON.stringify({ Version: '2012-10-17', Statement: statements })
      await iam.send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'only', PolicyDocument: document }))
      const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: name }))
      return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }
    },
    async close() {
      for (const client of clients) client.destroy()
      await sandbox.close()
    },
  }
}

/** The code and status of the error that `promise` rejects with. */
export async function refusal(promise: Promise<unknown>): Promise<{ code: string; status: number; message: string }> {
  try {
    await promise
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    return { code: name, status: $metadata?.httpStatusCode ?? 0, message }
  }
  throw new Error('nothing was refused')
}

/** One raw request to the sandbox: what an SDK would hide, such as a HEAD's empty body. */
export function rawRequest(
  url: string,
  options: http.RequestOptions,
  body?: Buffer | string,
): Promise<{ status: number; headers: http.IncomingHttpHeaders; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, response => {
      const chunks: Buffer[] = []
      response.on('data', chunk => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    request.on('error', reject)
    request.end(body)
  })
}
