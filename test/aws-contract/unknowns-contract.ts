/**
 * Questions that AWS's papers leave open. On AWS the answer is printed; on the sandbox it must be its table's own.
 * A settled one is settled by changing the default in packages/sandbox/src/unknowns.ts.
 */
import { randomUUID } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { CreateAccessGrantsLocationCommand, ListAccessGrantsCommand } from '@aws-sdk/client-s3-control'
import type { Unknowns } from '../../packages/sandbox/src/unknowns.ts'
import type { Stage } from './stage.ts'
import { eventually, refusalOf } from './target.ts'

export function unknownsContract(stage: () => Stage): void {
  const question = <Name extends keyof Unknowns>(
    name: Name,
    ask: (stage: Stage) => Promise<Unknowns[Name] | string>,
  ): void => {
    test(`unknown: ${name}`, async t => print(t, stage().target.settle(name, await ask(stage()))))
  }

  question('deleteStatus', async ({ grant, revoke }) => {
    const { AccessGrantId } = await grant({ subPrefix: 'unknown-delete/*' })
    return revoke(AccessGrantId)
  })

  question('readPlusWriteIsReadWrite', async ({ grant, vend, ask }) => {
    for (const permission of ['READ', 'WRITE'] as const) await grant({ subPrefix: 'unknown-pair/*', permission })
    await vend('unknown-pair/*', { Permission: 'READ' })
    await vend('unknown-pair/*', { Permission: 'WRITE' })
    return (await refusalOf(ask('unknown-pair/*', { Permission: 'READWRITE' }))) === undefined
  })

  question('headBucketUnderPrefix', async ({ grant, vend, target }) => {
    await grant({ subPrefix: 'unknown-head/*' })
    const { s3 } = await vend('unknown-head/*')
    return (await refusalOf(s3.send(new HeadBucketCommand({ Bucket: target.bucket })))) === undefined
  })

  question('readVendIsReadOnly', async ({ grant, vend, put, target, prefix }) => {
    // Written by the admin first, so that it is cleared away whoever overwrites it.
    await put('unknown-trim/data.csv', 'x')
    await grant({ subPrefix: 'unknown-trim/*', permission: 'READWRITE' })
    const { s3 } = await vend('unknown-trim/*', { Permission: 'READ' })
    const write = new PutObjectCommand({ Bucket: target.bucket, Key: `${prefix}unknown-trim/data.csv`, Body: 'y' })
    return (await refusalOf(s3.send(write))) !== undefined
  })

  question('prefixTypeInUniqueness', async ({ grant }) => {
    await grant({ subPrefix: 'unknown-type/key', isObject: true })
    const second = await refusalOf(grant({ subPrefix: 'unknown-type/key' }))
    if (second === undefined) return true
    return second.code === 'AccessGrantAlreadyExists' ? false : `${second.code}: ${second.message}`
  })

  question('missingBucketCode', async ({ control, account, target, keepLocation }) => {
    const LocationScope = `s3://headgate-contract-${randomUUID()}/`
    const wish = { ...account, LocationScope, IAMRoleArn: target.locationRoleArn }
    const created = control.send(new CreateAccessGrantsLocationCommand(wish))
    const refused = await refusalOf(created)
    if (refused !== undefined) return refused.code
    keepLocation((await created).AccessGrantsLocationId)
    return 'accepted'
  })

  question('badTokenCode', async ({ control, account }) => {
    const list = new ListAccessGrantsCommand({ ...account, NextToken: 'headgate-contract' })
    return (await refusalOf(control.send(list)))?.code ?? 'accepted'
  })

  question('invalidGranteeStatus', async ({ grant, target }) => {
    const granteeArn = `arn:aws:iam::${target.accountId}:role/headgate-contract-nobody`
    return (await refusalOf(grant({ subPrefix: 'unknown-grantee/*', granteeArn })))?.status ?? 'accepted'
  })

  test('unknown: how long a revocation takes to be seen', async t => {
    const { grant, vend, revoke, ask, target } = stage()
    const { AccessGrantId } = await grant({ subPrefix: 'unknown-delay/*' })
    await vend('unknown-delay/*')
    await revoke(AccessGrantId)
    const start = Date.now()
    await eventually(target, async () => {
      if ((await refusalOf(ask('unknown-delay/*'))) === undefined) throw new Error('still vends')
    })
    print(t, target.patienceMs > 0 ? `a revocation was seen after ${Date.now() - start} ms` : undefined)
  })
}

function print(t: TestContext, line: string | undefined): void {
  if (line !== undefined) t.diagnostic(line)
}
