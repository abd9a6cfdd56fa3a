import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { refuses } from './support/refuses.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

let server: TestServer
let admin: TestPerson
before(async () => {
  server = await testServer()
  admin = server.admin
})
after(() => server.close())

async function names(search: string): Promise<string[]> {
  return (await admin.tags.list({ query: { search } })).items.map(tag => tag.name)
}

test('a tag is made with the parents it lacks', async () => {
  const tag = await admin.tags.create({ body: { name: 'Finance.Payroll.Bonus', description: 'what came on top' } })
  assert.deepEqual([tag.name, tag.description, tag.dataSources], ['Finance.Payroll.Bonus', 'what came on top', 0])
  assert.deepEqual(await names('Finance'), ['Finance', 'Finance.Payroll', 'Finance.Payroll.Bonus'])
  await refuses(admin.tags.create({ body: { name: 'Finance.Payroll' } }), 'tag-exists', 409)
  const [event] = await server.db.kysely
    .selectFrom('audit_event')
    .select('event')
    .where('target_type', '=', 'TAG')
    .orderBy('sequence', 'desc')
    .execute()
  const told: { actor: { name: string }; auditPayload: { after: { parents: string[] } } } = JSON.parse(
    event?.event ?? '',
  )
  assert.deepEqual(told.auditPayload.after.parents, ['Finance', 'Finance.Payroll'])
  assert.equal(told.actor.name, 'admin')
})

test('a tag with children stays, and the answer names them', async () => {
  await admin.tags.create({ body: { name: 'Parent.Child' } })
  await admin.tags.create({ body: { name: 'Parent-less' } })
  const answer = await admin.send('/tags/Parent', { method: 'DELETE' })
  assert.equal(answer.status, 409)
  const told = (await answer.json()) as { usedBy: unknown; message: string }
  assert.deepEqual(told.usedBy, [{ type: 'tag', id: 'Parent.Child', name: 'Parent.Child' }])
  assert.match(told.message, /tag `Parent\.Child`/)
  await admin.tags.remove({ params: { name: 'Parent.Child' } })
  await admin.tags.remove({ params: { name: 'Parent' } })
  await refuses(admin.tags.remove({ params: { name: 'Parent' } }), 'tag-not-found', 404)
  assert.deepEqual(await names('Parent'), ['Parent-less'])
})

test('a tag that a policy or a data source uses stays', async () => {
  const { kysely } = server.db
  await admin.tags.create({ body: { name: 'Used.Here' } })
  const definition = {
    kind: 'grant',
    level: 'READ',
    appliesTo: { any: [{ name: 'x*' }, { tag: 'Used.Here' }] },
    who: { everyone: true },
    description: '',
  }
  const policy = { name: 'uses a tag', state: 'staged', definition: JSON.stringify(definition) } as const
  const { id } = await kysely.insertInto('policy').values(policy).returning('id').executeTakeFirstOrThrow()
  await refuses(admin.tags.remove({ params: { name: 'Used.Here' } }), 'tag-in-use', 409)
  await kysely.updateTable('policy').set({ state: 'deleted' }).where('id', '=', id).execute()

  const integration = await insertIntegration()
  const dataSource = await kysely
    .insertInto('data_source')
    .values({
      name: 'payroll',
      integration_id: integration,
      account_id: '123456789012',
      region: 'us-east-1',
      prefix: 'p/*',
      bucket: 'b',
      key: 'p/',
      kind: 'prefix',
      state: 'disabled',
      created_by: admin.id,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await kysely.insertInto('data_source_tag').values({ data_source_id: dataSource.id, tag: 'Used.Here' }).execute()
  assert.equal((await admin.tags.list({ query: { search: 'Used.Here' } })).items[0]?.dataSources, 1)
  await refuses(admin.tags.remove({ params: { name: 'Used.Here' } }), 'tag-in-use', 409)
  await kysely.updateTable('data_source').set({ state: 'deleted' }).where('id', '=', dataSource.id).execute()
  await admin.tags.remove({ params: { name: 'Used.Here' } })
})

test('making a child and deleting its parent at once leaves no orphan', async () => {
  for (let round = 0; round < 5; round += 1) {
    const parent = `Race${round}`
    await admin.tags.create({ body: { name: parent } })
    await Promise.allSettled([
      admin.tags.create({ body: { name: `${parent}.Child` } }),
      admin.tags.remove({ params: { name: parent } }),
    ])
    const left = await names(parent)
    assert.ok(!left.includes(`${parent}.Child`) || left.includes(parent), left.join())
  }
})

test('everyone signed in reads the catalogue, governors write it', async () => {
  const reader = await server.as([])
  assert.ok((await reader.tags.list()).total > 0)
  await refuses(reader.tags.create({ body: { name: 'Mine' } }), 'permission-missing', 403)
  await refuses(reader.tags.remove({ params: { name: 'Finance' } }), 'permission-missing', 403)
})

test('empty segments and control characters are refused', async () => {
  for (const name of ['', '.', 'a.', '.a', 'a..b', 'a. .b', 'a\nb', 'x'.repeat(256)]) {
    await refuses(admin.tags.create({ body: { name } }), 'request-invalid', 422)
  }
})

async function insertIntegration(): Promise<number> {
  const { id } = await server.db.kysely
    .insertInto('integration')
    .values({
      name: 'main',
      account_id: '123456789012',
      region: 'us-east-1',
      location_role: 'arn:aws:iam::123456789012:role/location',
      location_path: 's3://',
      authentication_type: 'auto',
      status: 'enabled',
      validation: JSON.stringify({ status: 'passed', validationTests: [] }),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}
