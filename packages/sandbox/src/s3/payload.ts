// The body of an S3 request as the client meant it: unframed, every chunk signature, checksum and digest verified.
// Nothing is stored from a body that fails any of them.

import { timingSafeEqual } from 'node:crypto'
import { type ChunkedBody, decodeAwsChunked, isAwsChunked, MalformedChunks } from '../aws-chunked.ts'
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader, checksumOf, md5Of } from '../checksum.ts'
import type { ServiceCall, Signature } from '../service.ts'
import { s3Error } from './errors.ts'

export interface Payload {
  readonly content: Buffer
  readonly md5: Buffer
  /** The checksum that the client sent and that was found right. */
  readonly checksum?: Checksum
}

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm
  /** Base64. */
  readonly value: string
}

type Headers = Readonly<Record<string, string>>

/** Throws IncompleteBody, SignatureDoesNotMatch, BadDigest, InvalidDigest, InvalidRequest, MalformedTrailerError. */
export function readPayload({ request, signature }: Pick<ServiceCall, 'request' | 'signature'>): Payload {
  const chunked = isAwsChunked(request.headers) ? unframe(request.body, request.headers) : undefined
  if (chunked !== undefined) verifyChunks(chunked, signature)
  const content = chunked?.content ?? request.body
  const md5 = md5Of(content)
  verifyContentMd5(request.headers['content-md5'], md5)
  const checksum = verifiedChecksum(request.headers, chunked?.trailers ?? {}, content)
  return checksum === undefined ? { content, md5 } : { content, md5, checksum }
}

function unframe(body: Buffer, headers: Headers): ChunkedBody {
  const announced = headers['x-amz-decoded-content-length']
  if (announced === undefined) throw s3Error('MissingContentLength')
  const chunked = decoded(body)
  if (String(chunked.content.length) !== announced) throw s3Error('IncompleteBody')
  for (const name of trailerNames(headers)) {
    if (chunked.trailers[name] === undefined) throw s3Error('MalformedTrailerError')
  }
  return chunked
}

function decoded(body: Buffer): ChunkedBody {
  try {
    return decodeAwsChunked(body)
  } catch (error) {
    if (error instanceof MalformedChunks) throw s3Error('IncompleteBody')
    throw error
  }
}

function trailerNames(headers: Headers): string[] {
  return (headers['x-amz-trailer'] ?? '')
    .split(',')
    .map(name => name.trim().toLowerCase())
    .filter(name => name !== '')
}

// Each signature signs its chunk and the signature before it; the first one continues the headers' own.
function verifyChunks(chunked: ChunkedBody, signature: Signature | undefined): void {
  if (signature?.payload !== 'streaming-signed' && signature?.payload !== 'streaming-signed-trailer') return
  let previous = signature.seed
  for (const { data, signature: given } of chunked.chunks) {
    previous = sameSignature(given, signature.chunkSignature(previous, data))
  }
  if (signature.payload === 'streaming-signed-trailer') {
    sameSignature(chunked.trailerSignature, signature.trailerSignature(previous, chunked.canonicalTrailers))
  }
}

function sameSignature(given: string | undefined, expected: string): string {
  const left = Buffer.from(given ?? '')
  const right = Buffer.from(expected)
  if (left.length !== right.length || !timingSafeEqual(left, right)) throw s3Error('SignatureDoesNotMatch')
  return expected
}

function verifyContentMd5(header: string | undefined, md5: Buffer): void {
  if (header === undefined) return
  const given = Buffer.from(header, 'base64')
  if (given.length !== md5.length) throw s3Error('InvalidDigest', { 'Content-MD5': header })
  if (!given.equals(md5)) {
    throw s3Error('BadDigest', { ExpectedDigest: header, CalculatedDigest: md5.toString('base64') })
  }
}

function verifiedChecksum(headers: Headers, trailers: Headers, content: Buffer): Checksum | undefined {
  const sent = { ...headers, ...trailers }
  const names = Object.keys(sent).filter(name => name.startsWith('x-amz-checksum-') && !describesChecksum.has(name))
  if (names.length > 1) {
    throw s3Error(
      'InvalidRequest',
      {},
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    )
  }
  const [name] = names
  if (name === undefined) {
    if (headers['x-amz-sdk-checksum-algorithm'] === undefined) return undefined
    throw s3Error(
      'InvalidRequest',
      {},
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    )
  }
  return compare(name, sent[name] ?? '', content)
}

const describesChecksum = new Set(['x-amz-checksum-algorithm', 'x-amz-checksum-mode', 'x-amz-checksum-type'])

function compare(name: string, value: string, content: Buffer): Checksum {
  const algorithm = checksumAlgorithms.find(each => checksumHeader(each) === name)
  if (algorithm === undefined) throw s3Error('NotImplemented', { Header: name })
  const expected = checksumOf(algorithm, content)
  if (value === expected) return { algorithm, value }
  if (Buffer.from(value, 'base64').length !== Buffer.from(expected, 'base64').length) {
    throw s3Error('InvalidRequest', {}, `Value for ${name} header is invalid.`)
  }
  throw s3Error('BadDigest', {}, `The ${algorithm} you specified did not match the calculated checksum.`)
}
