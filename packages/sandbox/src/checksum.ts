// The five checksums S3 lets a client choose, in the base64 form its headers carry.
// CRCs are computed here because Node offers only CRC32; the SHA family and MD5 come from node:crypto.

import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

export type ChecksumAlgorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256'

export const checksumAlgorithms: readonly ChecksumAlgorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']

/** `x-amz-checksum-crc32` and its four sisters. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`
}

/** The checksum as S3 prints it: base64 of the big-endian value. */
export function checksumOf(algorithm: ChecksumAlgorithm, content: Buffer): string {
  return digests[algorithm](content).toString('base64')
}

export function md5Of(content: Buffer): Buffer {
  return createHash('md5').update(content).digest()
}

const digests: Readonly<Record<ChecksumAlgorithm, (content: Buffer) => Buffer>> = {
  CRC32: content => bigEndian32(crc32(content)),
  CRC32C: content => bigEndian32(crc32c(content)),
  CRC64NVME: content => crc64nvme(content),
  SHA1: content => createHash('sha1').update(content).digest(),
  SHA256: content => createHash('sha256').update(content).digest(),
}

function bigEndian32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0)
  return bytes
}

// Castagnoli's polynomial, reflected (RFC 3720).
let castagnoli: Uint32Array | undefined

function crc32c(content: Buffer): number {
  castagnoli ??= crcTable32(0x82f63b78)
  let crc = 0xffffffff
  for (const byte of content) crc = castagnoli[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

function crcTable32(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let rest = byte
    for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? polynomial ^ (rest >>> 1) : rest >>> 1
    return rest
  })
}

// The NVM Express polynomial, reflected. Held as two 32-bit halves: BigInt would be some twenty times slower.
const nvmePolynomial = 0x9a6c9329ac4bc9b5n
let nvme: { readonly high: Uint32Array; readonly low: Uint32Array } | undefined

function crc64nvme(content: Buffer): Buffer {
  nvme ??= crcTable64(nvmePolynomial)
  let high = 0xffffffff
  let low = 0xffffffff
  for (const byte of content) {
    const entry = (low ^ byte) & 0xff
    low = ((low >>> 8) | (high << 24)) ^ nvme.low[entry]!
    high = (high >>> 8) ^ nvme.high[entry]!
  }
  return Buffer.concat([bigEndian32(~high), bigEndian32(~low)])
}

function crcTable64(polynomial: bigint): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256)
  const low = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let rest = BigInt(byte)
    for (let bit = 0; bit < 8; bit++) rest = rest & 1n ? polynomial ^ (rest >> 1n) : rest >> 1n
    high[byte] = Number(rest >> 32n)
    low[byte] = Number(rest & 0xffffffffn)
  }
  return { high, low }
}
