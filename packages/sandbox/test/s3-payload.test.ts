import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checksumOf } from '../src/checksum.ts'
import { readPayload } from '../src/s3/payload.ts'
import { AwsError } from '../src/wire.ts'

const content = Buffer.from('content')
const crc32 = checksumOf('CRC32', content)
const framed = (trailers: string) => `7\r\ncontent\r\n0\r\n${trailers}\r\n`
const streaming = {
  'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
  'x-amz-decoded-content-length': '7',
  'x-amz-trailer': 'x-amz-checksum-crc32',
}

function read(headers: Readonly<Record<string, string>>, body: Buffer | string) {
  const request = { method: 'PUT', host: 'localhost', rawPath: '/b/k', query: [], headers, receivedAt: 0 }
  return readPayload({ request: { ...request, body: Buffer.from(body) }, signature: undefined })
}

test('a streamed body gives its content and the checksum that its trailer proved', () => {
  const payload = read(streaming, framed(`x-amz-checksum-crc32:${crc32}\r\n`))
  assert.equal(payload.content.toString(), 'content')
  assert.deepEqual(payload.checksum, { algorithm: 'CRC32', value: crc32 })
})

test('a body without any checksum is taken as it is', () => {
  assert.equal(read({}, content).checksum, undefined)
})

test('whatever was announced and does not hold is refused, each in its own word', () => {
  const other = checksumOf('CRC32', Buffer.from('other'))
  const right = framed(`x-amz-checksum-crc32:${crc32}\r\n`)
  const cases: readonly [string, Readonly<Record<string, string>>, Buffer | string][] = [
    ['BadDigest', streaming, framed(`x-amz-checksum-crc32:${other}\r\n`)],
    ['MalformedTrailerError', streaming, framed('')],
    ['IncompleteBody', { ...streaming, 'x-amz-decoded-content-length': '8' }, right],
    ['IncompleteBody', streaming, right.slice(0, 9)],
    ['MissingContentLength', { 'content-encoding': 'aws-chunked' }, right],
    ['BadDigest', { 'x-amz-checksum-crc32': other }, content],
    ['InvalidRequest', { 'x-amz-checksum-crc32': 'short' }, content],
    ['InvalidRequest', { 'x-amz-checksum-crc32': crc32, 'x-amz-checksum-sha1': 'x' }, content],
    ['InvalidRequest', { 'x-amz-sdk-checksum-algorithm': 'CRC32' }, content],
    ['NotImplemented', { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=' }, content],
    ['InvalidDigest', { 'content-md5': 'short' }, content],
  ]
  for (const [code, headers, body] of cases) {
    assert.throws(
      () => read(headers, body),
      (error: unknown) => error instanceof AwsError && error.code === code,
      `${code} for ${JSON.stringify(headers)}`,
    )
  }
})
