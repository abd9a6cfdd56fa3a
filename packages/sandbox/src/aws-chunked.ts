// The aws-chunked framing SDKs wrap around a streamed upload: sized chunks, each perhaps signed, then trailers.
// Takes the frame apart and never judges a signature: `sigv4.ts` walks `chunks` in order and does.

/** What one aws-chunked body held; the buffers are views into it, nothing is copied but the joined `content`. */
export interface ChunkedBody {
  readonly content: Buffer
  /** Every chunk in order, the closing empty one included: its signature is part of the chain. */
  readonly chunks: readonly Chunk[]
  /** Trailing headers, names lower-cased, without `x-amz-trailer-signature`. */
  readonly trailers: Readonly<Record<string, string>>
  /** The trailers as they are hashed for `x-amz-trailer-signature`: `name:value\n` each, sorted by name. */
  readonly canonicalTrailers: string
  readonly trailerSignature?: string
}

export interface Chunk {
  readonly data: Buffer
  readonly signature?: string
}

/** The body does not follow the framing it announced; `reason` is for a log, not for the wire. */
export class MalformedChunks extends Error {
  constructor(reason: string) {
    super(`the aws-chunked body is malformed: ${reason}`)
    this.name = 'MalformedChunks'
  }
}

/** Whether these headers announce an aws-chunked body. */
export function isAwsChunked(headers: Readonly<Record<string, string | undefined>>): boolean {
  return (
    (headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ||
    contentEncodings(headers['content-encoding']).includes('aws-chunked')
  )
}

/** Content-Encoding as the object keeps it: `aws-chunked` was only for the way. */
export function keptContentEncoding(header: string | undefined): string | undefined {
  const kept = contentEncodings(header).filter(encoding => encoding !== 'aws-chunked')
  return kept.length > 0 ? kept.join(',') : undefined
}

function contentEncodings(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map(encoding => encoding.trim())
    .filter(encoding => encoding !== '')
}

/** Take an aws-chunked body apart. Throws `MalformedChunks`. */
export function decodeAwsChunked(body: Buffer): ChunkedBody {
  const chunks: Chunk[] = []
  let at = 0
  for (;;) {
    const head = lineAt(body, at)
    const { size, signature } = chunkHead(head.text)
    at = head.next
    if (size === 0) {
      chunks.push(chunk(body.subarray(at, at), signature))
      break
    }
    if (at + size > body.length) throw new MalformedChunks(`a chunk of ${size} bytes ends early`)
    chunks.push(chunk(body.subarray(at, at + size), signature))
    at += size
    if (body[at] !== 0x0d || body[at + 1] !== 0x0a) throw new MalformedChunks('a chunk is longer than its size')
    at += 2
  }
  return { content: joined(chunks), chunks, ...trailersFrom(body, at) }
}

function chunk(data: Buffer, signature: string | undefined): Chunk {
  return signature === undefined ? { data } : { data, signature }
}

// One chunk is the usual case and needs no copy.
function joined(chunks: readonly Chunk[]): Buffer {
  return chunks.length <= 2 ? (chunks[0]?.data ?? Buffer.alloc(0)) : Buffer.concat(chunks.map(({ data }) => data))
}

function chunkHead(text: string): { size: number; signature: string | undefined } {
  const [sizeText = '', ...extensions] = text.split(';')
  if (!/^[0-9a-fA-F]{1,8}$/.test(sizeText)) throw new MalformedChunks('a chunk has no size')
  const signature = extensions.find(extension => extension.startsWith('chunk-signature='))
  return { size: Number.parseInt(sizeText, 16), signature: signature?.slice('chunk-signature='.length) }
}

type Trailers = Pick<ChunkedBody, 'trailers' | 'canonicalTrailers' | 'trailerSignature'>

function trailersFrom(body: Buffer, start: number): Trailers {
  const trailers: Record<string, string> = {}
  let trailerSignature: string | undefined
  for (let at = start; at < body.length; ) {
    const line = lineAt(body, at)
    at = line.next
    if (line.text === '') continue
    const colon = line.text.indexOf(':')
    if (colon < 1) throw new MalformedChunks('a trailer is no header')
    const name = line.text.slice(0, colon).toLowerCase()
    const value = line.text.slice(colon + 1).trim()
    if (name === 'x-amz-trailer-signature') trailerSignature = value
    else trailers[name] = value
  }
  const canonicalTrailers = Object.keys(trailers)
    .sort()
    .map(name => `${name}:${trailers[name]}\n`)
    .join('')
  return { trailers, canonicalTrailers, ...(trailerSignature === undefined ? {} : { trailerSignature }) }
}

// Lines end with CRLF; some clients end the last trailer with a bare LF or with the body itself.
function lineAt(body: Buffer, at: number): { text: string; next: number } {
  const end = body.indexOf(0x0a, at)
  if (end < 0 && at >= body.length) throw new MalformedChunks('the closing chunk is missing')
  const raw = body.toString('latin1', at, end < 0 ? body.length : end)
  return { text: raw.endsWith('\r') ? raw.slice(0, -1) : raw, next: end < 0 ? body.length : end + 1 }
}
