/**
 * What is done in the bucket of an export: objects put in a stream, listed, removed. Throws AwsFailure.
 *
 * Holds no more than some parts of an object at a time, and leaves no part behind when it fails.
 */
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { AssumeRoleCommand } from '@aws-sdk/client-sts'
import { Upload } from '@aws-sdk/lib-storage'
import { AwsFailure, callAws } from './aws-error.ts'
import type { AwsClients } from './clients.ts'

/** Where, and with which key. */
export interface Place {
  readonly bucket: string
  readonly kmsKeyArn?: string | undefined
}

export interface ListedObject {
  readonly key: string
  readonly bytes: number
}

const MiB = 2 ** 20
/** S3 takes 10,000 of them: 80 GB an object. */
const partSize = 8 * MiB

/**
 * One object, small or endless; a stream that throws leaves nothing.
 * @param onlyNew of bytes: refused with `PreconditionFailed` where there is one already
 */
export async function putObject(
  { s3 }: AwsClients,
  place: Place,
  key: string,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  contentType: string,
  onlyNew = false,
): Promise<void> {
  const about = { ...objectOf(place, key), ContentType: contentType }
  if (body instanceof Uint8Array) {
    const put = new PutObjectCommand({ ...about, Body: body, ...(onlyNew && { IfNoneMatch: '*' }) })
    await callAws('PutObject', () => s3.send(put))
    return
  }
  // One uploader: with several, the others would go on to the end of the stream after one has failed. The next part is
  // made while one is sent.
  const source = watched(body)
  const Body = Readable.from(oneAhead(inParts(source.chunks())), { objectMode: false, highWaterMark: 1 })
  const upload = new Upload({ client: s3, params: { ...about, Body }, partSize, queueSize: 1 })
  await callAws('UploadPart', () => upload.done()).catch(error => {
    // Where parts may not be given up either, that is what the upload ends with: the cause is of more use.
    throw source.failure() ?? error
  })
}

function watched(body: AsyncIterable<Uint8Array>) {
  let failure: unknown
  return {
    async *chunks() {
      try {
        yield* body
      } catch (error) {
        failure = error
        throw error
      }
    },
    failure: () => failure,
  }
}

/** All that begin so, by key. */
export async function* listObjects({ s3 }: AwsClients, bucket: string, prefix: string): AsyncGenerator<ListedObject> {
  let token: string | undefined
  do {
    const command = new ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    })
    const page = await callAws('ListObjectsV2', () => s3.send(command))
    for (const { Key = '', Size = 0 } of page.Contents ?? []) yield { key: Key, bytes: Size }
    token = page.IsTruncated ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}

export async function deleteObject({ s3 }: AwsClients, bucket: string, key: string): Promise<void> {
  await callAws('DeleteObject', () => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })))
}

/** Gives up uploads that nobody will complete: those of a process that was killed. */
export async function abortUploads({ s3 }: AwsClients, bucket: string, prefix: string): Promise<void> {
  const list = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix })
  const { Uploads = [] } = await callAws('ListMultipartUploads', () => s3.send(list))
  for (const { Key, UploadId } of Uploads) {
    const command = new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId })
    await callAws('AbortMultipartUpload', () => s3.send(command))
  }
}

/** A small object in one part: begun, sent and completed as large ones are, since that asks more of a KMS key. */
export async function putInParts({ s3 }: AwsClients, place: Place, key: string, body: Uint8Array): Promise<void> {
  const object = objectOf(place, key)
  const { UploadId } = await callAws('CreateMultipartUpload', () => s3.send(new CreateMultipartUploadCommand(object)))
  const upload = { Bucket: place.bucket, Key: key, UploadId }
  try {
    const part = await callAws('UploadPart', () =>
      s3.send(new UploadPartCommand({ ...upload, PartNumber: 1, Body: body })),
    )
    const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }]
    await callAws('CompleteMultipartUpload', () =>
      s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } })),
    )
  } catch (error) {
    await callAws('AbortMultipartUpload', () => s3.send(new AbortMultipartUploadCommand(upload))).catch(() => {})
    throw error
  }
}

/** Whether the role lets itself be assumed by us without saying for whom: then anybody could have us do it. */
export async function trustsWithoutExternalId({ sts }: AwsClients, roleArn: string): Promise<boolean> {
  const command = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'headgate-check', DurationSeconds: 900 })
  try {
    await callAws('AssumeRole', () => sts.send(command))
    return true
  } catch (error) {
    if (error instanceof AwsFailure && error.kind === 'denied') return false
    throw error
  }
}

function objectOf({ bucket, kmsKeyArn }: Place, key: string) {
  const encryption = kmsKeyArn === undefined ? {} : { ServerSideEncryption: 'aws:kms' as const, SSEKMSKeyId: kmsKeyArn }
  return { Bucket: bucket, Key: key, ...encryption }
}

async function* inParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = Buffer.allocUnsafe(partSize)
  let filled = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(chunk.length - at, partSize - filled)
      part.set(chunk.subarray(at, at + taken), filled)
      filled += taken
      at += taken
      if (filled < partSize) continue
      yield part
      // A new one: that one is being sent.
      part = Buffer.allocUnsafe(partSize)
      filled = 0
    }
  }
  if (filled > 0) yield part.subarray(0, filled)
}

async function* oneAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = asked()
  function asked() {
    const one = source.next()
    // Whoever awaits it is told of a failure.
    one.catch(() => {})
    return one
  }
  try {
    for (let { done, value } = await next; !done; { done, value } = await next) {
      next = asked()
      yield value
    }
  } finally {
    await next.catch(() => {})
    await source.return(undefined)
  }
}
