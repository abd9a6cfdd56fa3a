/** What identity providers say of principals, beside what user admins say. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { CreateUserCommand } from '@aws-sdk/client-identitystore'
import { startSandbox } from '@headgate/sandbox'
import { act, system } from '../src/db/act.ts'
import { takeDuePrincipals } from '../src/db/principal-check.ts'
import { assertPrincipal, type SaidPrincipal } from '../src/directory/assert-principal.ts'
import { checkPerson, checkPrincipals } from '../src/directory/check-principals.ts'
import { prepareAccount } from './support/aws-account.ts'
import { storedIntegration } from './support/lake.ts'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let directoryUser: string
const closing: (() => Promise<void>)[] = []

before(async () => {
  const sandbox = await startSandbox()
  closing.push(() => sandbox.close())
  const account = await prepareAccount(sandbox)
  const center = sandbox.makeIdentityCenter(account.accountId, account.region)
  const { identityStoreId: IdentityStoreId } = center
  const Name = { GivenName: 'Ann', FamilyName: 'Lee' }
  const ann = new CreateUserCommand({ IdentityStoreId, UserName: 'ann', DisplayName: 'Ann', Name })
  directoryUser = (await account.owner.identityStore.send(ann)).UserId ?? ''
  const environment = { HEADGATE_AWS_ENDPOINT: sandbox.url, HEADGATE_IDENTITY_STORE_ID: IdentityStoreId }
  server = await testServer({ environment })
  closing.unshift(() => server.close())
  const id = await storedIntegration(server)
  const { accessKeyId, secretAccessKey } = account.controller
  const { intent } = await server.db.kysely
    .selectFrom('integration')
    .select('intent')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const secret = JSON.stringify(server.world.vault.seal(secretAccessKey, `integration/${intent}/awsSecretAccessKey`))
  await server.db.kysely
    .updateTable('integration')
    .set({ access_key_id: accessKeyId, secret_access_key: secret })
    .execute()
})
after(async () => {
  for (const close of closing) await close()
})

const role = (name: string): SaidPrincipal => ({
  kind: 'iamRole',
  identifier: `arn:aws:iam::111122223333:role/${name}`,
})
const says = (person: TestPerson, said: SaidPrincipal | undefined, provider = 'okta') =>
  act(server.db, system, doing => assertPrincipal(doing, provider, person.id, said))
const shown = ({ id }: TestPerson) => server.admin.users.get({ params: { id } })
const set = ({ id }: TestPerson, body: SaidPrincipal[]) => server.admin.users.setPrincipals({ params: { id }, body })
/** What decides about grants. */
async function meant({ id }: TestPerson): Promise<string[]> {
  const { index } = await server.world.index.fresh()
  return [...index.facts.people()].flatMap(one =>
    one.id === id ? one.principals.map(({ identifier }) => identifier) : [],
  )
}

test('what a provider says is in force as its own entry, and goes when it says so', async () => {
  const ann = await server.as([])
  await says(ann, role('one'))
  assert.deepEqual((await shown(ann)).principals, [{ ...role('one'), source: 'okta' }])
  assert.deepEqual(await meant(ann), [role('one').identifier])
  const { sequence } = await says(ann, role('one'))
  assert.equal(sequence, undefined, 'nothing that is said again is news')
  await says(ann, role('two'))
  assert.deepEqual(await meant(ann), [role('two').identifier])
  await says(ann, undefined)
  assert.deepEqual([await meant(ann), (await shown(ann)).principals], [[], []])
})

test('a local entry counts before a provider, which steps in again once that is gone', async () => {
  const ben = await server.as([])
  await set(ben, [role('local')])
  await says(ben, role('provided'))
  assert.deepEqual(await meant(ben), [role('local').identifier])
  assert.match((await shown(ben)).warnings.join(), /`okta` says `.*provided`; the entry of `local` counts instead/)
  await set(ben, [])
  assert.deepEqual(await meant(ben), [role('provided').identifier])
  await set(ben, [role('local')])
  await says(ben, undefined)
  assert.deepEqual(await meant(ben), [role('local').identifier], 'and the provider takes nothing local with it')
})

test('what belongs to somebody else is not taken but warned of, and taken once it is free', async () => {
  const [cat, dan] = [await server.as([]), await server.as([])]
  await set(cat, [role('hers')])
  await says(dan, role('his'))
  await says(dan, role('hers'))
  assert.deepEqual(await meant(dan), [], 'nor does the old one stay, which nobody says any more')
  const { warnings } = await shown(dan)
  assert.match(
    warnings.join(),
    new RegExp(`\`okta\` names a principal that is not used: .* belongs to user \`${cat.userid}\``),
  )
  await checkPerson(server.world, dan.id)
  assert.deepEqual(await meant(dan), [])
  await set(cat, [])
  await checkPerson(server.world, dan.id)
  assert.deepEqual(await meant(dan), [role('hers').identifier])
  assert.doesNotMatch((await shown(dan)).warnings.join(), /not used/)
  await refuses(set(cat, [role('hers')]), 'principal-taken', 409)
})

test('two people asserted the same at one moment do not share it', async () => {
  const [eve, finn] = [await server.as([]), await server.as([])]
  await Promise.all([says(eve, role('both')), says(finn, role('both'))])
  const held = [...(await meant(eve)), ...(await meant(finn))]
  assert.deepEqual(held, [role('both').identifier])
})

test('what has no form of a principal is told and never stored', async () => {
  const gil = await server.as([])
  await says(gil, { kind: 'iamRole', identifier: 'arn:aws:sts::111122223333:assumed-role/x/y' })
  assert.deepEqual(await meant(gil), [])
  assert.match((await shown(gil)).warnings.join(), /it is a session, which ends/)
  await checkPerson(server.world, gil.id)
  assert.deepEqual(await meant(gil), [])
})

test('a user name of the directory is looked up by the next look, and stored as the id', async () => {
  const hal = await server.as([])
  await says(hal, { kind: 'identityCenterUser', identifier: 'ann' })
  assert.deepEqual(await meant(hal), [])
  assert.match((await shown(hal)).warnings.join(), /has yet to be looked up/)
  await checkPerson(server.world, hal.id)
  assert.deepEqual([await meant(hal), (await shown(hal)).warnings], [[directoryUser], []])
  assert.equal((await says(hal, { kind: 'identityCenterUser', identifier: 'ann' })).sequence, undefined)
})

test('what a provider says is looked at in AWS like anything else', async () => {
  const ida = await server.as([])
  await says(ida, role('nowhere'))
  assert.deepEqual((await shown(ida)).warnings, [])
  await checkPrincipals(server.world, await takeDuePrincipals(server.db.kysely, 1000, 60_000))
  assert.match((await shown(ida)).warnings.join(), /AWS does not know/)
})

test('whoever is deleted leaves nothing that a provider could bring back', async () => {
  const jon = await server.as([])
  await says(jon, role('jon'))
  await server.admin.users.remove({ params: { id: jon.id } })
  assert.deepEqual(await meant(jon), [])
  const rows = await server.db.kysely
    .selectFrom('asserted_principal')
    .where('person_id', '=', jon.id)
    .selectAll()
    .execute()
  assert.deepEqual(rows, [])
})
