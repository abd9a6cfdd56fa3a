import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { after, before, test } from 'node:test'
import { CreateBucketCommand, GetObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { checksumOf } from '../src/checksum.ts'
import { type Keys, rawRequest, refusal, type S3World, s3World } from './s3-world.ts'

// No JavaScript SDK signs chunks any more, but the Java and C++ ones do: their framing is written here by hand.

let world: S3World
let keys: Keys
let s3: S3Client

before(async () => {
  world = await s3World()
  keys = await world.account('111122223333')
  s3 = world.client(keys, { region: 'us-east-1' })
  await s3.send(new CreateBucketCommand({ Bucket: 'signed' }))
})
after(() => world.close())

const chunks = ['first chunk, ', 'second chunk, ', 'third']
const content = chunks.join('')
const trailer = { name: 'x-amz-checksum-crc32c', value: checksumOf('CRC32C', Buffer.from(content)) }

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()

interface Upload {
  readonly key: string
  readonly withTrailer: boolean
  /** Changes the framed body after it was signed. */
  readonly tamper?: (body: string) => string
}

/** PUTs the chunks with a signature on each, the trailer signed as well when there is one. */
async function upload({ key, withTrailer, tamper = body => body }: Upload) {
  const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, '')
  const scope = `${time.slice(0, 8)}/us-east-1/s3/aws4_request`
  const steps = [`AWS4${keys.secretAccessKey}`, ...scope.split('/')]
  const signingKey = steps.slice(1).reduce<string | Buffer>(hmac, steps[0] ?? '')
  const sign = (...lines: string[]) => hmac(signingKey, lines.join('\n')).toString('hex')

  const headers: Record<string, string> = {
    host: new URL(world.url).host,
    'x-amz-content-sha256': `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${withTrailer ? '-TRAILER' : ''}`,
    'x-amz-date': time,
    'x-amz-decoded-content-length': String(content.length),
    ...(withTrailer ? { 'x-amz-trailer': trailer.name } : {}),
  }
  const names = Object.keys(headers).sort()
  const canonicalHeaders = names.map(name => `${name}:${headers[name]}\n`)
  const canonical = ['PUT', `/signed/${key}`, '', canonicalHeaders.join(''), names.join(';')]
  const seed = sign('AWS4-HMAC-SHA256', time, scope, sha256([...canonical, headers['x-amz-content-sha256']].join('\n')))
  const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${seed}`

  let previous = seed
  let body = ''
  for (const chunk of [...chunks, '']) {
    previous = sign('AWS4-HMAC-SHA256-PAYLOAD', time, scope, previous, sha256(''), sha256(chunk))
    body += `${chunk.length.toString(16)};chunk-signature=${previous}\r\n${chunk}${chunk === '' ? '' : '\r\n'}`
  }
  if (withTrailer) {
    const line = `${trailer.name}:${trailer.value}`
    const signature = sign('AWS4-HMAC-SHA256-TRAILER', time, scope, previous, sha256(`${line}\n`))
    body += `${line}\r\nx-amz-trailer-signature:${signature}\r\n`
  }
  const sent = tamper(`${body}\r\n`)
  return rawRequest(`${world.url}/signed/${key}`, { method: 'PUT', headers: { ...headers, authorization } }, sent)
}

test('signed chunks are stored as one object, with and without a signed trailer', async () => {
  for (const withTrailer of [false, true]) {
    const key = `whole-${withTrailer}`
    const answer = await upload({ key, withTrailer })
    assert.equal(answer.status, 200, answer.body)
    if (withTrailer) assert.equal(answer.headers[trailer.name], trailer.value)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'signed', Key: key }))
    assert.equal(await Body?.transformToString(), content)
  }
})

test('a chunk or trailer changed, dropped or unsigned on the way is refused and nothing is kept', async () => {
  const changes: readonly [string, (body: string) => string][] = [
    ['a changed chunk', body => body.replace('second', 'sEcond')],
    ['an unsigned chunk', body => body.replace(/;chunk-signature=[0-9a-f]+/, '')],
    ['a changed trailer', body => body.replace(trailer.value, checksumOf('CRC32C', Buffer.from('other')))],
    ['an unsigned trailer', body => body.replace(/x-amz-trailer-signature:[0-9a-f]+\r\n/, '')],
  ]
  for (const [what, tamper] of changes) {
    const answer = await upload({ key: 'tampered', withTrailer: true, tamper })
    assert.match(answer.body, /<Code>SignatureDoesNotMatch<\/Code>/, what)
  }
  const short = await upload({ key: 'tampered', withTrailer: true, tamper: body => body.slice(0, 40) })
  assert.match(short.body, /<Code>IncompleteBody<\/Code>/)
  const missing = await refusal(s3.send(new GetObjectCommand({ Bucket: 'signed', Key: 'tampered' })))
  assert.equal(missing.code, 'NoSuchKey')
})
