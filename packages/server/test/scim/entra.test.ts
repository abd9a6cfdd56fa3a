/** The calls that Microsoft Entra ID makes, with its own ways: capitalised operations, texts for booleans, paths with filters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { testServer } from '../support/server.ts'
import { absent, coreGroup, coreUser, enterprise, patchOp, play, provider, type Step } from './scim-world.ts'

const patch = (...Operations: readonly object[]) => ({ schemas: [patchOp], Operations })

const users: readonly Step[] = [
  {
    send: 'GET /Users?filter=userName eq "7bcbbd39-a93b-43e4-b2a0-3c1a4a3aeefe"',
    status: 200,
    answers: { totalResults: 0, Resources: [] },
  },
  { send: 'GET /Users?filter=externalId eq "ann"', status: 200, answers: { totalResults: 0, Resources: [] } },
  {
    send: 'POST /Users',
    body: {
      schemas: [coreUser, enterprise],
      externalId: 'ann',
      userName: 'ann@contoso.com',
      active: true,
      displayName: 'Ann Lee',
      emails: [{ primary: true, type: 'work', value: 'ann@contoso.com' }],
      meta: { resourceType: 'User' },
      name: { formatted: 'Ann Lee', familyName: 'Lee', givenName: 'Ann' },
      roles: [],
      [enterprise]: { department: 'Finance', manager: { value: '12' } },
    },
    status: 201,
    keep: 'ann',
    answers: { schemas: [coreUser, enterprise], externalId: 'ann', [enterprise]: { department: 'Finance' } },
  },
  {
    send: 'GET /Users?filter=externalId eq "ann"',
    status: 200,
    answers: { totalResults: 1, Resources: [{ id: '{ann}' }] },
  },
  {
    send: 'GET /Users?filter=emails[type eq "work"].value eq "ANN@contoso.com"',
    status: 200,
    answers: { totalResults: 1 },
  },
  {
    send: 'GET /Users?filter=emails[type eq "home"].value eq "ann@contoso.com"',
    status: 200,
    answers: { totalResults: 0 },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: patch(
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'lee@contoso.com' },
      { op: 'Replace', path: 'name.familyName', value: 'Moss' },
      { op: 'Add', path: 'addresses[type eq "work"].locality', value: 'Bern' },
      { op: 'Add', path: `${enterprise}:department`, value: 'Research' },
      { op: 'Add', path: `${enterprise}:manager`, value: '77' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+41 31 000 00 00' },
      { op: 'Replace', path: 'displayName', value: 'Ann Moss' },
    ),
    status: 200,
    answers: {
      displayName: 'Ann Moss',
      name: { familyName: 'Moss', givenName: 'Ann' },
      emails: [{ type: 'work', value: 'lee@contoso.com', primary: true }],
      addresses: [{ type: 'work', locality: 'Bern' }],
      phoneNumbers: [{ type: 'mobile', value: '+41 31 000 00 00' }],
      [enterprise]: { department: 'Research', manager: { value: '77' } },
    },
  },
  // Without a path, with dots in the keys, as the application settings let it send.
  {
    send: 'PATCH /Users/{ann}',
    body: patch({
      op: 'Replace',
      value: {
        displayName: 'Ann Lee',
        'name.givenName': 'Anna',
        [`${enterprise}:employeeNumber`]: '4711',
        [enterprise]: { costCenter: 'CC 1' },
        'emails[type eq "work"].value': 'anna@contoso.com',
        'urn:unknown:1.0:User:shoeSize': '38',
      },
    }),
    status: 200,
    answers: {
      displayName: 'Ann Lee',
      name: { givenName: 'Anna', familyName: 'Moss' },
      emails: [{ value: 'anna@contoso.com' }],
      [enterprise]: { employeeNumber: '4711', costCenter: 'CC 1', department: 'Research' },
    },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: patch({ op: 'Remove', path: `${enterprise}:manager` }),
    status: 200,
    answers: { [enterprise]: { manager: absent } },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: patch({ op: 'Replace', path: 'title', value: '' }),
    status: 200,
    answers: { title: absent },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: patch({
      op: 'Add',
      path: 'roles',
      value: [{ primary: 'True', type: 'WindowsAzureActiveDirectoryRole', value: 'analyst' }],
    }),
    status: 200,
    answers: { roles: [{ primary: true, value: 'analyst' }] },
  },
  // Soft delete, then the real one after thirty days.
  {
    send: 'PATCH /Users/{ann}',
    body: patch({ op: 'Replace', path: 'active', value: 'False' }),
    status: 200,
    answers: { active: false },
  },
  {
    send: 'PATCH /Users/{ann}',
    body: patch({ op: 'Replace', path: 'active', value: 'False' }),
    status: 200,
    answers: { active: false },
  },
  { send: 'GET /Users/{ann}', status: 200, answers: { active: false } },
  { send: 'DELETE /Users/{ann}', status: 204 },
  { send: 'GET /Users/{ann}', status: 404, answers: { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'] } },
  { send: 'PATCH /Users/{ann}', body: patch({ op: 'Replace', path: 'active', value: 'True' }), status: 404 },
  { send: 'DELETE /Users/{ann}', status: 404 },
]

const groups: readonly Step[] = [
  { send: 'POST /Users', body: { schemas: [coreUser], userName: 'bob@contoso.com' }, status: 201, keep: 'bob' },
  { send: 'POST /Users', body: { schemas: [coreUser], userName: 'cid@contoso.com' }, status: 201, keep: 'cid' },
  {
    send: 'GET /Groups?excludedAttributes=members&filter=displayName eq "Sales (EMEA)"',
    status: 200,
    answers: { totalResults: 0 },
  },
  {
    send: 'POST /Groups',
    body: {
      schemas: [coreGroup, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      externalId: 'g-1',
      displayName: 'Sales (EMEA)',
      meta: { resourceType: 'Group' },
    },
    status: 201,
    keep: 'sales',
  },
  {
    send: 'POST /Groups',
    body: { schemas: [coreGroup], displayName: 'sales (emea)' },
    status: 409,
    answers: { scimType: 'uniqueness' },
  },
  {
    send: 'GET /Groups?excludedAttributes=members&filter=externalId eq "g-1"',
    status: 200,
    answers: { totalResults: 1, Resources: [{ id: '{sales}', members: absent }] },
  },
  {
    send: 'GET /Groups?excludedAttributes=members&filter=displayName eq "SALES (EMEA)"',
    status: 200,
    answers: { totalResults: 1 },
  },
  {
    send: 'PATCH /Groups/{sales}',
    body: patch({ op: 'Add', path: 'members', value: [{ value: '{bob}' }, { value: '{cid}' }] }),
    status: 204,
  },
  { send: 'GET /Groups/{sales}?excludedAttributes=members', status: 200, answers: { id: '{sales}', members: absent } },
  { send: 'GET /Groups?filter=id eq "{sales}" and members eq "{bob}"', status: 200, answers: { totalResults: 1 } },
  {
    send: 'PATCH /Groups/{sales}',
    body: patch({ op: 'Remove', path: 'members', value: [{ value: '{bob}' }] }),
    status: 204,
  },
  {
    send: 'PATCH /Groups/{sales}',
    body: patch({ op: 'Remove', path: 'members', value: [{ value: '{bob}' }] }),
    status: 204,
  },
  { send: 'GET /Groups?filter=id eq "{sales}" and members eq "{bob}"', status: 200, answers: { totalResults: 0 } },
  { send: 'PATCH /Groups/{sales}', body: patch({ op: 'Replace', path: 'displayName', value: 'Sales' }), status: 204 },
  { send: 'GET /Groups/{sales}', status: 200, answers: { displayName: 'Sales', members: [{ value: '{cid}' }] } },
  {
    send: 'PATCH /Groups/{sales}',
    body: patch({ op: 'Add', path: 'members', value: [{ value: '999999' }] }),
    status: 400,
    answers: { scimType: 'invalidValue' },
  },
  { send: 'DELETE /Groups/{sales}', status: 204 },
]

test('what Entra ID sends for users, down to the soft delete, does what it means', async () => {
  const server = await testServer()
  try {
    await play(await provider(server, 'entra'), users)
    const { rows } = await sql<{ deleted: boolean }>`
      select deleted_at is not null as deleted from person where userid = 'ann@contoso.com'`.execute(server.db.kysely)
    assert.deepEqual(rows, [{ deleted: true }], 'the person stays for the history')
  } finally {
    await server.close()
  }
})

test('what Entra ID sends for groups does what it means, and ten thousand members come in one call', async () => {
  const server = await testServer()
  try {
    const entra = await provider(server, 'entra')
    await play(entra, groups)
    await sql`with made as (
        insert into person (userid, name, kind, provider) select 'crowd-' || n, 'Crowd', 'person', 'entra'
        from generate_series(1, 10000) n returning id, userid)
      insert into scim_user (person_id, provider, user_name_key, resource)
      select id, 'entra', userid, jsonb_build_object('userName', userid, 'active', true) from made`.execute(
      server.db.kysely,
    )
    const { rows } = await sql<{ id: string }>`select id::text from person where userid like 'crowd-%'`.execute(
      server.db.kysely,
    )
    const [made] = [await entra.send('POST /Groups', { schemas: [coreGroup], displayName: 'Everybody' })]
    const members = rows.map(({ id }) => ({ value: String(id) }))
    const call = `PATCH /Groups/${made.body.id}`
    assert.equal((await entra.send(call, patch({ op: 'Add', path: 'members', value: members }))).status, 204)
    const counted = async () => {
      const answer = await entra.send(`GET /Groups/${made.body.id}`)
      return ((answer.body.members ?? []) as object[]).length
    }
    assert.equal(await counted(), 10_000)
    const one = members.slice(0, 5000).map(({ value }) => ({ op: 'remove', path: `members[value eq "${value}"]` }))
    assert.equal((await entra.send(call, patch(...one))).status, 204)
    assert.equal(await counted(), 5000)
    const { rows: events } = await sql<{ n: number }>`
      select count(*)::int as n from audit_event where event::jsonb #>> '{auditPayload,type}' = 'GroupMembersChanged'
        and event::jsonb #>> '{actor,identityProvider}' = 'entra' and event::jsonb #>> '{targets,0,name}' = 'Everybody'`.execute(
      server.db.kysely,
    )
    assert.deepEqual(events, [{ n: 2 }], 'one event a call')
    const { rows: facts } = await sql<{ cause: string; n: number }>`
      select cause, count(*)::int as n from fact_change where entity = 'groupMember' and entity_id like ${`${made.body.id}/%`}
      group by cause`.execute(server.db.kysely)
    assert.deepEqual(facts, [{ cause: 'identity-provider', n: 15_000 }])
  } finally {
    await server.close()
  }
})
