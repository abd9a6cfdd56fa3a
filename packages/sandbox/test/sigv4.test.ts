import assert from 'node:assert/strict'
import { createHash, createHmac } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { ListAccessGrantsInstancesCommand } from '@aws-sdk/client-s3-control'
import type { Bootstrap, Sandbox } from '../src/index.ts'
import {
  ACCOUNT,
  controlClient,
  type Keys,
  putBucket,
  putRole,
  putSession,
  REGION,
  refusal,
  startTestSandbox,
} from './world.ts'

describe('signatures', () => {
  let sandbox: Sandbox
  let admin: Bootstrap
  let clockMs = Date.now()

  before(async () => {
    ;({ sandbox, admin } = await startTestSandbox({ now: () => clockMs }))
  })
  after(() => sandbox.close())

  const list = async (keys: Keys, maxAttempts = 1) => {
    const client = controlClient(sandbox, keys, { maxAttempts })
    try {
      return await client.send(new ListAccessGrantsInstancesCommand({ AccountId: ACCOUNT }))
    } finally {
      client.destroy()
    }
  }
  const flawOf = async (keys: Keys) => {
    const { name, status } = await refusal(list(keys))
    return `${name} ${status}`
  }

  it('accepts the right secret and refuses a wrong one', async () => {
    await list(admin)
    assert.equal(await flawOf({ ...admin, secretAccessKey: `${admin.secretAccessKey}x` }), 'SignatureDoesNotMatch 403')
  })

  it('refuses an unknown key, and an inactive one', async () => {
    assert.equal(await flawOf({ ...admin, accessKeyId: 'AKIAUNKNOWN' }), 'InvalidAccessKeyId 403')
    const second = sandbox.makeAccount(ACCOUNT)
    const stored = sandbox.state.accessKeys.get(second.accessKeyId)
    if (stored) stored.status = 'Inactive'
    assert.equal(await flawOf(second), 'InvalidAccessKeyId 403')
  })

  it('refuses an unknown token, a token that belongs to no session, and expired credentials', async () => {
    const session = putSession(sandbox, putRole(sandbox, 'someone'), { expiresAt: clockMs + 1000 })
    await list(session)
    assert.equal(await flawOf({ ...session, sessionToken: 'other' }), 'InvalidToken 400')
    assert.equal(await flawOf({ ...admin, sessionToken: 'stray' }), 'InvalidToken 400')
    clockMs += 1000
    assert.equal(await flawOf(session), 'ExpiredToken 400')
    clockMs -= 1000
  })

  it('refuses a clock more than fifteen minutes off, and tells the time so that the SDK recovers', async () => {
    sandbox.faults.set({ clockSkewMs: 14 * 60_000 })
    await list(admin)
    for (const clockSkewMs of [16 * 60_000, -16 * 60_000]) {
      sandbox.faults.set({ clockSkewMs })
      assert.equal(await flawOf(admin), 'RequestTimeTooSkewed 403')
      await list(admin, 2)
    }
    sandbox.faults.set({ clockSkewMs: 0 })
  })

  it('refuses a request without a signature, and one that lies about its body or smuggles a header', async () => {
    assert.equal((await raw({ signed: false })).status, 403)
    assert.equal((await raw({})).status, 200)
    const lying = await raw({ headers: { 'x-amz-content-sha256': createHash('sha256').update('other').digest('hex') } })
    assert.match(lying.body, /XAmzContentSHA256Mismatch/)
    const smuggled = await raw({ unsignedHeaders: { 'x-amz-target': 'x' } })
    assert.match(smuggled.body, /headers present in the request which were not signed/)
  })

  it('refuses an account in the host that is not the one in the header', async () => {
    assert.equal((await raw({ headers: { host: `${ACCOUNT}.s3-control.${REGION}.amazonaws.com` } })).status, 200)
    const other = await raw({ headers: { host: `999988887777.s3-control.${REGION}.amazonaws.com` } })
    assert.match(other.body, /InvalidRequest/)
    assert.equal(other.status, 400)
  })

  it('verifies S3 paths with every odd character', async () => {
    putBucket(sandbox, 'odd')
    const s3 = new S3Client({
      endpoint: sandbox.url,
      region: REGION,
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: admin,
    })
    for (const Key of ["a b+c//d*e'(f)!~ü€/%41&=?#", '.hidden/..x', 'emoji 🎈']) {
      await s3.send(new PutObjectCommand({ Bucket: 'odd', Key, Body: Key }))
      const read = await s3.send(new GetObjectCommand({ Bucket: 'odd', Key }))
      assert.equal(await read.Body?.transformToString(), Key)
    }
    s3.destroy()
  })

  /** A request signed here by hand, so that each part can be bent. */
  async function raw(bend: {
    signed?: boolean
    headers?: Readonly<Record<string, string>>
    unsignedHeaders?: Readonly<Record<string, string>>
  }): Promise<{ status: number; body: string }> {
    const path = '/v20180820/accessgrantsinstances'
    const date = `${new Date(clockMs).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`
    const headers: Record<string, string> = {
      host: `127.0.0.1:${sandbox.port}`,
      'x-amz-account-id': ACCOUNT,
      'x-amz-content-sha256': createHash('sha256').digest('hex'),
      'x-amz-date': date,
      ...bend.headers,
    }
    const names = Object.keys(headers).sort()
    const lines = names.map(name => `${name}:${headers[name]}`)
    const canonical = ['GET', path, '', ...lines, '', names.join(';'), headers['x-amz-content-sha256']].join('\n')
    const scope = [date.slice(0, 8), REGION, 's3', 'aws4_request']
    const canonicalHash = createHash('sha256').update(canonical).digest('hex')
    const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope.join('/')}\n${canonicalHash}`
    let key: Buffer = Buffer.from(`AWS4${admin.secretAccessKey}`)
    for (const part of [...scope, toSign]) key = createHmac('sha256', key).update(part).digest()
    const credential = `Credential=${admin.accessKeyId}/${scope.join('/')}`
    if (bend.signed !== false) {
      headers.authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(';')}, Signature=${key.toString('hex')}`
    }
    return new Promise((resolve, reject) => {
      const target = { host: '127.0.0.1', port: sandbox.port, path, headers: { ...headers, ...bend.unsignedHeaders } }
      const sending = httpRequest(target, answer => {
        let body = ''
        answer.on('data', chunk => {
          body += chunk
        })
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
      })
      sending.on('error', reject)
      sending.end()
    })
  }
})
