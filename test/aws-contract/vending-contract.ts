/** From grant to bytes: credentials are vended for what was granted, do just that, and are refused in three wordings. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { GetDataAccessCommand, ListCallerAccessGrantsCommand } from '@aws-sdk/client-s3-control'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import type { Stage } from './stage.ts'
import { eventually, refusalOf } from './target.ts'

export function vendingContract(stage: () => Stage): void {
  test('a READ grant lets its grantee list and read inside its scope', async () => {
    const { grant, put, vend, root, prefix, target } = stage()
    await put('read/data.csv', 'a,b\n1,2\n')
    await put('read/deep/er.txt', 'deeper')
    await grant({ subPrefix: 'read/*' })
    const asked = Date.now()
    const vended = await vend('read/*')
    assert.equal(vended.MatchedGrantTarget, `${root}read/*`)
    assert.deepEqual(vended.Grantee, { GranteeType: 'IAM', GranteeIdentifier: target.grantee.arn })
    const lastsMs = (vended.Credentials?.Expiration?.getTime() ?? 0) - asked
    // 900 s were asked for; clocks and the way there may differ by some.
    assert.ok(Math.abs(lastsMs - 900_000) < 180_000, `lasts ${lastsMs} ms`)

    assert.equal(await textOf(vended.s3, stage(), 'read/data.csv'), 'a,b\n1,2\n')
    assert.equal(await textOf(vended.s3, stage(), 'read/deep/er.txt'), 'deeper')
    const list = await vended.s3.send(new ListObjectsV2Command({ Bucket: target.bucket, Prefix: `${prefix}read/` }))
    assert.deepEqual(
      list.Contents?.map(({ Key }) => Key),
      [`${prefix}read/data.csv`, `${prefix}read/deep/er.txt`],
    )
  })

  test('vended credentials are a session of the location role, named access-grants-…', async () => {
    const { grant, vend, target } = stage()
    await grant({ subPrefix: 'identity/*' })
    const { Credentials: keys } = await vend('identity/*')
    const credentials = {
      accessKeyId: keys?.AccessKeyId ?? '',
      secretAccessKey: keys?.SecretAccessKey ?? '',
      sessionToken: keys?.SessionToken ?? '',
    }
    const { Arn = '' } = await target.sts({ credentials }).send(new GetCallerIdentityCommand({}))
    const role = target.locationRoleArn.split('/').at(-1)
    assert.match(Arn, new RegExp(`^arn:aws:sts::${target.accountId}:assumed-role/${role}/access-grants-`))
    assert.match(credentials.accessKeyId, /^ASIA/)
  })

  test('outside the scope, and beyond the level, the session policy refuses', async () => {
    const { grant, put, vend, prefix, target } = stage()
    await put('inside/data.csv', 'x')
    await put('inside-not/data.csv', 'x')
    await grant({ subPrefix: 'inside/*' })
    const { s3 } = await vend('inside/*')
    const Bucket = target.bucket
    const attempts: readonly [string, () => Promise<unknown>][] = [
      ['s3:GetObject', () => s3.send(new GetObjectCommand({ Bucket, Key: `${prefix}inside-not/data.csv` }))],
      ['s3:ListBucket', () => s3.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}inside-not/` }))],
      ['s3:PutObject', () => s3.send(new PutObjectCommand({ Bucket, Key: `${prefix}inside/data.csv`, Body: 'x' }))],
      ['s3:DeleteObject', () => s3.send(new DeleteObjectCommand({ Bucket, Key: `${prefix}inside/data.csv` }))],
    ]
    for (const [action, attempt] of attempts) {
      const refused = await refusalOf(attempt())
      assert.deepEqual([refused?.code, refused?.status], ['AccessDenied', 403], action)
      assert.match(refused?.message ?? '', new RegExp(`because no session policy allows the ${action} action`))
    }
  })

  test('a READWRITE grant lets its grantee write, read and delete', async () => {
    const { grant, put, vend, prefix, target } = stage()
    // Written by the admin first, so that it is cleared away however far this comes.
    await put('write/new.txt', 'old')
    await grant({ subPrefix: 'write/*', permission: 'READWRITE' })
    const { s3 } = await vend('write/*', { Permission: 'READWRITE' })
    const at = { Bucket: target.bucket, Key: `${prefix}write/new.txt` }
    await s3.send(new PutObjectCommand({ ...at, Body: 'new' }))
    assert.equal(await textOf(s3, stage(), 'write/new.txt'), 'new')
    await s3.send(new DeleteObjectCommand(at))
  })

  test('a READWRITE grant also answers a request to read', async () => {
    const { grant, put, vend } = stage()
    await put('both/data.csv', 'both')
    await grant({ subPrefix: 'both/*', permission: 'READWRITE' })
    const { s3 } = await vend('both/*')
    assert.equal(await textOf(s3, stage(), 'both/data.csv'), 'both')
  })

  test('the closest grant answers, and its whole scope is vended', async () => {
    const { grant, vend, root } = stage()
    await grant({ subPrefix: 'nested/*' })
    await grant({ subPrefix: 'nested/inner/*' })
    await eventually(stage().target, async () => {
      const vended = await vend('nested/inner/data.csv')
      assert.equal(vended.MatchedGrantTarget, `${root}nested/inner/*`)
    })
  })

  test('with the privilege Minimal the credentials are for the target alone', async () => {
    const { grant, put, vend, root, prefix, target } = stage()
    await put('minimal/one.txt', 'one')
    await put('minimal/one.txt.bak', 'other')
    await grant({ subPrefix: 'minimal/*' })
    const vended = await vend('minimal/one.txt', { Privilege: 'Minimal', TargetType: 'Object' })
    assert.equal(vended.MatchedGrantTarget, `${root}minimal/one.txt`)
    assert.equal(await textOf(vended.s3, stage(), 'minimal/one.txt'), 'one')
    const beside = new GetObjectCommand({ Bucket: target.bucket, Key: `${prefix}minimal/one.txt.bak` })
    assert.equal((await refusalOf(vended.s3.send(beside)))?.code, 'AccessDenied')
  })

  test('a grant on one object gives that object and not the ones that begin with its name', async () => {
    const { grant, put, vend, ask, prefix, target } = stage()
    await put('object/report.pdf', 'report')
    await put('object/report.pdf.bak', 'backup')
    await grant({ subPrefix: 'object/report.pdf', isObject: true })
    const { s3 } = await vend('object/report.pdf')
    assert.equal(await textOf(s3, stage(), 'object/report.pdf'), 'report')
    const beside = new GetObjectCommand({ Bucket: target.bucket, Key: `${prefix}object/report.pdf.bak` })
    assert.equal((await refusalOf(s3.send(beside)))?.code, 'AccessDenied')
    assert.equal((await refusalOf(ask('object/report.pdf.bak')))?.code, 'AccessDenied')
  })

  test('what no grant covers is refused in the words of Access Grants', async () => {
    const { grant, vend, ask, root } = stage()
    await grant({ subPrefix: 'refused/*' })
    await vend('refused/*')
    const cases = [
      ['beside/*', 'READ'],
      ['refused/*', 'READWRITE'],
      ['refused/*', 'WRITE'],
      ['refuse*', 'READ'],
    ] as const
    for (const [scope, Permission] of cases) {
      const refused = await refusalOf(ask(scope, { Permission }))
      assert.deepEqual(refused, {
        code: 'AccessDenied',
        status: 403,
        message: `You do not have ${Permission} permissions to the requested S3 Prefix: ${root}${scope}`,
      })
    }
  })

  test('a duration that no session can have is refused', async () => {
    const { grant, vend, ask } = stage()
    await grant({ subPrefix: 'duration/*' })
    await vend('duration/*')
    for (const DurationSeconds of [899, 43_201]) {
      const refused = await refusalOf(ask('duration/*', { DurationSeconds }))
      assert.equal(refused?.status, 400, `${DurationSeconds} s`)
    }
  })

  test('a caller without the IAM permission is refused in the words of IAM', async t => {
    const { target, account, root } = stage()
    if (target.stranger === undefined) return t.skip('no identity without permissions was given')
    const stranger = target.control(target.stranger)
    const ask = new GetDataAccessCommand({ ...account, Target: `${root}read/*`, Permission: 'READ' })
    const refused = await refusalOf(stranger.send(ask))
    assert.deepEqual([refused?.code, refused?.status], ['AccessDenied', 403])
    assert.match(refused?.message ?? '', /because no identity-based policy allows the s3:GetDataAccess action/)
    const list = await refusalOf(stranger.send(new ListCallerAccessGrantsCommand(account)))
    assert.match(list?.message ?? '', /because no identity-based policy allows the s3:ListCallerAccessGrants action/)
  })

  test('callers see their own grants, narrowed by the beginning of the scope', async () => {
    const { grant, root, target, account } = stage()
    await grant({ subPrefix: 'own/a/*' })
    await grant({ subPrefix: 'own/b/*', permission: 'READWRITE' })
    const caller = target.control(target.grantee)
    await eventually(target, async () => {
      const asked = { ...account, GrantScope: `${root}own/` }
      const { CallerAccessGrantsList = [] } = await caller.send(new ListCallerAccessGrantsCommand(asked))
      const found = CallerAccessGrantsList.map(({ GrantScope, Permission }) => `${Permission} ${GrantScope}`)
      assert.deepEqual(found.toSorted(), [`READ ${root}own/a/*`, `READWRITE ${root}own/b/*`])
    })
    const none = { ...account, GrantScope: `${root}nothing-here/` }
    assert.deepEqual((await caller.send(new ListCallerAccessGrantsCommand(none))).CallerAccessGrantsList ?? [], [])
  })

  test('after a revocation nothing more is vended; what was vended lasts until it expires', async () => {
    const { grant, put, vend, ask, revoke, target } = stage()
    await put('revoked/data.csv', 'still')
    const { AccessGrantId } = await grant({ subPrefix: 'revoked/*' })
    const { s3 } = await vend('revoked/*')
    await revoke(AccessGrantId)
    await eventually(target, async () => {
      assert.equal((await refusalOf(ask('revoked/*')))?.code, 'AccessDenied')
    })
    assert.equal(await textOf(s3, stage(), 'revoked/data.csv'), 'still')
  })
}

async function textOf(s3: S3Client, { target, prefix }: Stage, key: string): Promise<string | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: target.bucket, Key: prefix + key }))
  return Body?.transformToString()
}
