import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeAwsChunked, isAwsChunked, keptContentEncoding, MalformedChunks } from '../src/aws-chunked.ts'
import { checksumAlgorithms, checksumHeader, checksumOf } from '../src/checksum.ts'

test('an unsigned body with a checksum trailer yields its content and the trailer', () => {
  const body = Buffer.from('5\r\nHello\r\n7\r\n, world\r\n0\r\nx-amz-checksum-crc32:5rsIPQ==\r\n\r\n')
  const decoded = decodeAwsChunked(body)
  assert.equal(decoded.content.toString(), 'Hello, world')
  assert.deepEqual(decoded.trailers, { 'x-amz-checksum-crc32': '5rsIPQ==' })
  assert.equal(decoded.trailerSignature, undefined)
})

test('a signed body keeps each chunk with its signature, the empty closing one included', () => {
  const decoded = decodeAwsChunked(
    Buffer.from(
      '3;chunk-signature=aa\r\nabc\r\nA;chunk-signature=bb\r\n0123456789\r\n0;chunk-signature=cc\r\n' +
        'X-Amz-Checksum-Crc32c: sOO8/Q==\r\nx-amz-trailer-signature:dd\r\n\r\n',
    ),
  )
  assert.deepEqual(
    decoded.chunks.map(({ data, signature }) => [data.toString(), signature]),
    [
      ['abc', 'aa'],
      ['0123456789', 'bb'],
      ['', 'cc'],
    ],
  )
  assert.equal(decoded.canonicalTrailers, 'x-amz-checksum-crc32c:sOO8/Q==\n')
  assert.equal(decoded.trailerSignature, 'dd')
})

test('whatever is framed comes back whole, binary and chunk sizes regardless', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 6 }), chunks => {
      const framed = chunks.map(data => [`${data.length.toString(16)}\r\n`, data, '\r\n'])
      const body = Buffer.concat([...framed.flat(), '0\r\n\r\n'].map(part => Buffer.from(part as string)))
      assert.deepEqual(decodeAwsChunked(body).content, Buffer.concat(chunks))
    }),
  )
})

test('a body cut anywhere before its closing chunk is malformed', () => {
  const body = Buffer.from('5\r\nHello\r\n7\r\n, world\r\n0\r\n')
  for (let length = 0; length < body.indexOf('0\r\n'); length++) {
    assert.throws(() => decodeAwsChunked(body.subarray(0, length)), MalformedChunks, `cut at ${length}`)
  }
})

test('a chunk longer or shorter than its size, or without one, is malformed', () => {
  for (const body of ['4\r\nHello\r\n0\r\n\r\n', 'x\r\nHello\r\n0\r\n\r\n', '\r\n', '0\r\nno header\r\n\r\n']) {
    assert.throws(() => decodeAwsChunked(Buffer.from(body)), MalformedChunks, JSON.stringify(body))
  }
})

test('aws-chunked is recognised and taken off the content encoding that is kept', () => {
  assert.ok(isAwsChunked({ 'content-encoding': 'aws-chunked' }))
  assert.ok(isAwsChunked({ 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' }))
  assert.ok(!isAwsChunked({ 'content-encoding': 'gzip', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' }))
  assert.equal(keptContentEncoding('aws-chunked'), undefined)
  assert.equal(keptContentEncoding('gzip, aws-chunked'), 'gzip')
})

// The check values of the CRC catalogue and of the SHA standards for "123456789".
const checkValues = {
  CRC32: 'cbf43926',
  CRC32C: 'e3069283',
  CRC64NVME: 'ae8b14860a799888',
  SHA1: 'f7c3bc1d808e04732adf679965ccc34ca7ae3441',
  SHA256: '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
}

test('every checksum gives the published check value', () => {
  for (const algorithm of checksumAlgorithms) {
    const hex = Buffer.from(checksumOf(algorithm, Buffer.from('123456789')), 'base64').toString('hex')
    assert.equal(hex, checkValues[algorithm], algorithm)
  }
  assert.equal(checksumHeader('CRC64NVME'), 'x-amz-checksum-crc64nvme')
})
