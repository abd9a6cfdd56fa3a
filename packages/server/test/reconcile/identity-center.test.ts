import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CreateUserCommand } from '@aws-sdk/client-identitystore'
import { lastSequence } from '../../src/db/fact-change.ts'
import { prepareAccount } from '../support/aws-account.ts'
import { refuses } from '../support/refuses.ts'
import { grants, inAws, type Lake, lake, register, until } from './reconcile-world.ts'

const eventual = 30_000

/** A directory with one person, Dee; nothing is associated with it yet. */
async function directory({ server, account }: Lake) {
  const { instanceArn, identityStoreId } = server.sandbox.makeIdentityCenter(account.accountId, account.region)
  const { UserId = '' } = await account.owner.identityStore.send(
    new CreateUserCommand({
      IdentityStoreId: identityStoreId,
      UserName: 'dee',
      DisplayName: 'Dee',
      Name: { GivenName: 'Dee', FamilyName: 'Sato' },
      Emails: [{ Value: 'dee@example.org', Primary: true }],
    }),
  )
  return { instanceArn, identityStoreId, userId: UserId }
}

async function newPerson({ server }: Lake): Promise<number> {
  return (await server.admin.users.create({ body: { userid: 'dee', name: 'Dee' } })).id
}

test('an association is made and ended only when asked, and shown as AWS has it', async t => {
  const world = await lake(t)
  const { admin, db } = world.server
  const { instanceArn, identityStoreId } = await directory(world)
  const params = { id: world.integration }
  assert.deepEqual(await admin.identityCenter.get({ params }), {})
  const made = await admin.identityCenter.associate({ params, body: { instanceArn } })
  assert.deepEqual([made.instanceArn, made.identityStoreId], [instanceArn, identityStoreId])
  assert.match(made.applicationArn ?? '', /^arn:aws:sso::111122223333:application\//)
  assert.deepEqual(await admin.identityCenter.get({ params }), made)
  assert.deepEqual(await admin.identityCenter.associate({ params, body: { instanceArn } }), made)

  const other = { params, body: { instanceArn: 'arn:aws:sso:::instance/ssoins-0000000000000000' } }
  await refuses(admin.identityCenter.associate(other), 'identity-center-associated')
  assert.deepEqual(await admin.identityCenter.dissociate({ params }), {})
  assert.deepEqual(await admin.identityCenter.dissociate({ params }), {})
  await refuses(admin.identityCenter.associate(other), 'aws-refused')

  const events = await db.kysely.selectFrom('audit_event').select('event').orderBy('sequence').execute()
  const types = events.map(({ event }) => (JSON.parse(event) as { auditPayload: { type: string } }).auditPayload.type)
  assert.deepEqual(
    types.filter(type => type.startsWith('IdentityCenter')),
    [
      'IdentityCenterAssociationOrdered',
      'IdentityCenterAssociated',
      'IdentityCenterDissociationOrdered',
      'IdentityCenterDissociated',
      'IdentityCenterAssociationOrdered',
    ],
  )
})

test('only admins of the application may associate; what is no instance is refused before AWS is asked', async t => {
  const world = await lake(t)
  const params = { id: world.integration }
  const body = { instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef' }
  const auditor = await world.server.as(['AUDIT'])
  assert.deepEqual(await auditor.identityCenter.get({ params }), {})
  await refuses(auditor.identityCenter.associate({ params, body }), 'permission-missing')
  await refuses(auditor.identityCenter.dissociate({ params }), 'permission-missing')
  const { admin } = world.server
  const bad = admin.identityCenter.associate({ params, body: { instanceArn: 'arn:aws:sso:::permissionSet/x' } })
  await refuses(bad, 'request-invalid')
  await refuses(admin.identityCenter.get({ params: { id: '99' } }), 'integration-not-found')
})

test('a person is found by e-mail address once the instance is associated, and granted to by the id', async t => {
  const world = await lake(t)
  const { admin } = world.server
  const { instanceArn, userId } = await directory(world)
  const id = await newPerson(world)
  const byName = [{ kind: 'identityCenterUser' as const, identifier: 'dee@example.org' }]
  await refuses(admin.users.setPrincipals({ params: { id }, body: byName }), 'principal-invalid')
  await admin.identityCenter.associate({ params: { id: world.integration }, body: { instanceArn } })
  const { principals } = await admin.users.setPrincipals({ params: { id }, body: byName })
  assert.deepEqual(principals, [{ kind: 'identityCenterUser', identifier: userId }])

  await world.start()
  const dataSource = await register(world, 's3://research-data/public/*')
  const member = { params: { id: dataSource, userId: id }, body: { level: 'WRITE' as const, reason: 'test' } }
  await admin.dataSources.setMember(member)
  await until('the grant', () => inAws(world).length === 1)
  assert.deepEqual(inAws(world), [`READWRITE ${userId} s3://research-data/public/*`])
  await until('the row', async () => (await grants(world, { live: 'true' }))[0]?.state === 'active')
  const inUse = admin.identityCenter.dissociate({ params: { id: world.integration } })
  await refuses(inUse, 'identity-center-in-use')
  await admin.users.setPrincipals({ params: { id }, body: [] })
  await until('no grant', () => inAws(world).length === 0)
})

test('who waited for the directory is granted to as soon as it is associated', { timeout: 2 * eventual }, async t => {
  const world = await lake(t)
  const { admin, db } = world.server
  const { instanceArn, userId } = await directory(world)
  const id = await newPerson(world)
  const principal = [{ kind: 'identityCenterUser' as const, identifier: userId }]
  const { warnings } = await admin.users.setPrincipals({ params: { id }, body: principal })
  assert.match(warnings.join(), /associated with no Identity Center/)
  const dataSource = await register(world, 's3://research-data/public/*')
  const member = { params: { id: dataSource, userId: id }, body: { level: 'READ' as const, reason: 'test' } }
  await admin.dataSources.setMember(member)
  // As if the quick retries had all been in vain already.
  await world.start()
  await until('refused', async () => (await grants(world, { live: 'true' }))[0]?.state === 'createFailed')
  await db.kysely
    .updateTable('ledger')
    .set({ state: 'waitingForPrincipal', next_try_at: new Date(Date.now() + 3_600_000) })
    .execute()
  const before = await lastSequence(db)
  await admin.identityCenter.associate({ params: { id: world.integration }, body: { instanceArn } })
  assert.ok((await lastSequence(db)) > before)
  await until('the grant', () => inAws(world).length === 1)
})

test('one association is that of every integration of the account and region', async t => {
  const world = await lake(t)
  const { admin, sandbox } = world.server
  const { instanceArn } = await directory(world)
  await prepareAccount(sandbox, { accountId: '444455556666', bucket: 'elsewhere' })
  const second = await admin.integrations.create({
    body: {
      type: 'Native S3',
      autoBootstrap: false,
      config: {
        name: 'second',
        awsAccountId: world.account.accountId,
        awsRegion: world.account.region,
        awsLocationRole: world.account.locationRole,
        awsLocationPath: 's3://research-data/private',
        authenticationType: 'accessKey',
        awsAccessKeyId: world.account.controller.accessKeyId,
        awsSecretAccessKey: world.account.controller.secretAccessKey,
      },
    },
  })
  await world.server.world.background.idle()
  await admin.identityCenter.associate({ params: { id: second.id }, body: { instanceArn } })
  assert.equal((await admin.identityCenter.get({ params: { id: world.integration } })).instanceArn, instanceArn)
})
