/**
 * Every door by which a name of the marketplace could be made, given, changed or taken away: each refuses by a clear
 * code, and nothing is stored. A door that is built later (configuration as code is one) belongs in here.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { addMembership } from '../src/market/memberships.ts'
import { setTaggedSources } from '../src/market/tagged-sources.ts'
import { coreGroup, coreUser, patchOp, provider, type TestProvider } from './scim/scim-world.ts'
import { testClientSecret, testIdentityProvider } from './support/identity-provider.ts'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'
import { surfer } from './support/surfer.ts'

const key = 'Headgate Marketplace'
const value = 'Headgate Marketplace Data Product.salesproduct'
const tag = 'Headgate Marketplace Data Product'

let server: TestServer
let scim: TestProvider
let member: TestPerson
const ids = { user: 0, group: 0, source: 0, other: 0, integration: 0, read: 0, write: 0, plain: 0, provider: 0 }
let scimUser = ''
let scimGroup = ''

before(async () => {
  server = await testServer({ environment: { HEADGATE_PRIVATE_ADDRESSES: '127.0.0.0/8' } })
  const { admin, db } = server
  ids.integration = await storedIntegration(server)
  ids.source = await storeDataSource(server, ids.integration, { name: 'sales', scope: 's3://research-data/sales/*' })
  ids.other = await storeDataSource(server, ids.integration, { name: 'other', scope: 's3://research-data/other/*' })
  member = await server.as([], 'member')
  ids.user = member.id
  ids.group = (await admin.groups.create({ body: { name: 'Analysts' } })).id
  await admin.tags.create({ body: { name: 'Finance' } })
  await admin.domains.create({ body: { name: 'emea' } })
  const standing = (await admin.policies.list({ query: { search: key } })).items
  for (const { id, level } of standing) ids[level === 'READ' ? 'read' : 'write'] = id
  ids.plain = (await admin.policies.create({ body: plain })).id
  ids.provider = (await admin.identityProviders.create({ body: { name: 'entra', attributeKeys: ['Team'] } })).id
  scim = await provider(server, 'okta')
  scimUser = String((await scim.send('POST /Users', { schemas: [coreUser], userName: 'sam@example.com' })).body.id)
  scimGroup = String((await scim.send('POST /Groups', { schemas: [coreGroup], displayName: 'team' })).body.id)
  await storeProduct(db, { id: 'salesproduct' })
  await act(db, system, async doing => {
    await setTaggedSources(doing, 'salesproduct', { dataSources: [ids.source], levels: ['READ'] }, 'product-published')
    await addMembership(doing, { product: 'salesproduct', person: ids.user, level: 'READ' })
  })
})
after(() => server.close())

const plain = {
  name: 'plain',
  kind: 'grant' as const,
  level: 'READ' as const,
  appliesTo: { any: [{ tag: 'Finance' }] },
  who: { when: "@isInGroups('Analysts')" },
}
const onKey = { when: `@hasAttribute('${key}', '${value}')` }
const standingRule = { when: `@hasTagAsAttribute('${key}', 'dataSource')` }

/** What it is called, the request, and how it has to be refused. */
type Door = readonly [name: string, call: string, body: unknown, refused: string, ifMatch?: string]

const reserved = '422 name-reserved'
const isProtected = '409 policy-protected'

function doors(): Door[] {
  const { user, group, source, read, write, plain: policy } = ids
  const of = encodeURIComponent
  const preview = (name: string, change: object, refused: string): Door => [
    `preview: ${name}`,
    'POST /policies/preview',
    { changes: [change] },
    refused,
  ]
  const policies = [read, write].flatMap((id): Door[] => [
    ['edit a standing policy', `PUT /policies/${id}`, plain, isProtected, '"1"'],
    ['stage it', `POST /policies/${id}/stage`, undefined, isProtected, '"1"'],
    ['activate it', `POST /policies/${id}/activate`, {}, isProtected, '"1"'],
    ['archive it', `POST /policies/${id}/archive`, undefined, isProtected, '"1"'],
    ['restore it', `POST /policies/${id}/restore`, { version: 1 }, isProtected, '"1"'],
    ['delete it', `DELETE /policies/${id}`, undefined, isProtected, '"1"'],
    ['clone it', `POST /policies/${id}/clone`, { name: 'mine' }, reserved],
    ['pick it for a data source', `PUT /data-sources/${source}/policies/${id}`, undefined, '409 policy-not-selectable'],
    preview('edit a standing policy', { change: 'editPolicy', id, policy: plain }, isProtected),
    preview('stage it', { change: 'stagePolicy', id }, isProtected),
    preview('archive it', { change: 'archivePolicy', id }, isProtected),
    preview('delete it', { change: 'deletePolicy', id }, isProtected),
    preview('restore it', { change: 'restorePolicy', id, version: 1 }, isProtected),
  ])
  const file = (kind: string, text: string): Door => [
    `CSV of ${kind}`,
    `POST /bulk/${kind}`,
    text,
    '422 import-refused',
  ]
  return [
    ...policies,
    ['a policy of that name', 'POST /policies', { ...plain, name: 'headgate marketplace 2' }, reserved],
    ['a policy on the tag', 'POST /policies', { ...plain, name: 'x', appliesTo: { any: [{ tag }] } }, reserved],
    ['a policy about the key', 'POST /policies', { ...plain, name: 'x', who: onKey }, reserved],
    ['the standing policy once more', 'POST /policies', { ...plain, name: 'x', who: standingRule }, reserved],
    [
      'a policy edited onto the tag',
      `PUT /policies/${policy}`,
      { ...plain, appliesTo: { all: [{ tag }] } },
      reserved,
      '"1"',
    ],
    ['a policy edited to that name', `PUT /policies/${policy}`, { ...plain, name: key }, reserved, '"1"'],
    ['a policy cloned to that name', `POST /policies/${policy}/clone`, { name: `${key} Write 2` }, reserved],
    preview(
      'a policy about the key',
      { change: 'createPolicy', policy: { ...plain, name: 'x', who: onKey } },
      reserved,
    ),

    ['make the tag', 'POST /tags', { name: value }, reserved],
    ['delete the tag', `DELETE /tags/${of(tag)}`, undefined, reserved],
    ['apply the tag', `PUT /data-sources/${ids.other}/tags`, { tags: [value] }, reserved],
    ['remove the tag', `DELETE /data-sources/${source}/tags`, { tags: [value] }, reserved],
    ['apply it in bulk', 'PUT /data-sources/bulk/tags', { dataSourceIds: [ids.other], add: [value] }, reserved],
    ['remove it in bulk', 'PUT /data-sources/bulk/tags', { dataSourceIds: [source], remove: [value] }, reserved],
    preview('apply the tag', { change: 'addTags', dataSource: ids.other, tags: [value] }, reserved),
    preview('remove the tag', { change: 'removeTags', dataSource: source, tags: [value] }, reserved),
    [
      'register a data source with it',
      'POST /native-s3/handler',
      {
        type: 'Native S3',
        integrationId: ids.integration,
        dataSources: [{ dataSourceName: 'n', prefix: '/n/*', tags: [value] }],
      },
      '422 data-sources-invalid',
    ],
    preview(
      'register a data source with it',
      {
        change: 'registerDataSources',
        integrationId: ids.integration,
        dataSources: [{ dataSourceName: 'n', prefix: '/n/*', tags: [value] }],
      },
      '422 data-sources-invalid',
    ),
    ['a domain of that name', 'POST /domains', { name: key }, reserved],
    ['a domain with the tag', 'POST /domains', { name: 'new', tags: [tag] }, reserved],
    ['the tag for a domain', 'PATCH /domains/emea', { tags: [tag] }, reserved],
    preview('the tag for a domain', { change: 'editDomain', domain: 'emea', tags: [tag] }, reserved),

    ['a person of that name', 'POST /users', { userid: key, name: 'X' }, reserved],
    ['a group of that name', 'POST /groups', { name: value }, reserved],
    ...(['users', 'groups'] as const).flatMap((of): Door[] => {
      const path = `/${of}/${of === 'users' ? user : group}/attributes`
      const subject = of === 'users' ? { user } : { group }
      const place = (one: string, other: string) => `${path}/${encodeURIComponent(one)}/${encodeURIComponent(other)}`
      return [
        [`the value for ${of}`, `PUT ${place(key, value)}`, undefined, reserved],
        [`a value of another key for ${of}`, `PUT ${place('team', value)}`, undefined, reserved],
        [`the key for ${of}`, `PUT ${place(key, 'x')}`, undefined, reserved],
        [`the key, dressed up, for ${of}`, `PUT ${place('ｈeadgate  marketplace', 'x')}`, undefined, reserved],
        [`the value off ${of}`, `DELETE ${place(key, value)}`, undefined, reserved],
        preview(`the value for ${of}`, { change: 'giveAttribute', ...subject, key, value }, reserved),
        preview(`the value off ${of}`, { change: 'takeAttribute', ...subject, key, value }, reserved),
      ]
    }),
    file('people', `user,name\n${key},X\n`),
    file('groups', `group,description\n${value},x\n`),
    file('attributes', `user,group,key,value\nmember,,${key},${value}\n`),
    file('attributes', `user,group,key,value\n,Analysts,team,${value}\n`),
    [
      'CSV in place of all',
      'POST /bulk/attributes?mode=replace',
      `user,group,key,value\nmember,,${key},x\n`,
      '422 import-refused',
    ],
    [
      'a provider that may assert the key',
      'POST /identity-providers',
      { name: 'more', attributeKeys: [key] },
      reserved,
    ],
    [
      'a provider that may assert such groups',
      'POST /identity-providers',
      { name: 'more', groupPatterns: [`${tag}*`] },
      reserved,
    ],
    [
      'SCIM with the key',
      `PUT /identity-providers/${ids.provider}/scim`,
      { attributes: [{ path: 'title', key }] },
      reserved,
    ],
  ]
}

/** All that could have been written, row by row. */
async function everything(): Promise<unknown> {
  const tables = [
    'tag',
    'data_source_tag',
    'domain',
    'domain_tag',
    'person',
    'person_attribute',
    'people_group',
    'group_attribute',
    'group_member',
    'policy',
    'policy_version',
    'policy_selection',
    'data_source',
    'membership',
    'data_product_source',
    'identity_provider',
    'fact_change',
  ]
  const counted = tables.map(
    name =>
      sql`select ${name}::text as name, md5(string_agg(one::text, ',' order by one::text)) as rows from ${sql.table(name)} one`,
  )
  return (await sql`${sql.join(counted, sql` union all `)}`.execute(server.db.kysely)).rows
}

async function answerTo([, call, body, , ifMatch]: Door): Promise<string> {
  const [method = '', path = ''] = call.split(' ')
  const isText = typeof body === 'string'
  const answer = await server.admin.send(path, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': isText ? 'text/csv' : 'application/json' }),
      ...(ifMatch ? { 'if-match': ifMatch } : {}),
    },
    ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
  })
  const told = (await answer.json().catch(() => ({}))) as { code?: string; message?: string }
  return `${answer.status} ${told.code}`
}

test('no door of the API takes a name of the marketplace, nor changes what it made', async () => {
  const stored = await everything()
  const opened: string[] = []
  for (const door of doors()) {
    const [name, , , refused] = door
    const answer = await answerTo(door)
    if (answer !== refused) opened.push(`${name}: ${answer}, not ${refused}`)
  }
  assert.deepEqual(opened, [])
  assert.deepEqual(await everything(), stored)
})

test('no identity provider gives, names or takes one by SCIM', async () => {
  const stored = await everything()
  const user = { schemas: [coreUser], userName: key }
  const group = { schemas: [coreGroup], displayName: value }
  const patch = (...Operations: readonly object[]) => ({ schemas: [patchOp], Operations })
  const renamed = (path: string) => patch({ op: 'replace', path, value })
  for (const [call, body] of [
    ['POST /Users', user],
    [`PUT /Groups/${scimGroup}`, group],
    ['POST /Groups', group],
    [`PATCH /Groups/${scimGroup}`, renamed('displayName')],
  ] as const) {
    const { status, body: told } = await scim.send(call, body)
    assert.equal(status, 400, `${call}: ${JSON.stringify(told)}`)
    assert.match(String(told.detail), /reserved for the marketplace/, call)
  }
  assert.deepEqual(await everything(), stored)
  // A value that a provider may say is taken, but for those: it stays the provider's, and says nothing here.
  const titled = await scim.send(`PATCH /Users/${scimUser}`, patch({ op: 'add', path: 'title', value }))
  assert.equal(titled.status, 200)
  const sam = (await server.admin.users.list({ query: { search: 'sam@example.com' } })).items[0]
  assert.deepEqual(sam?.attributes, [])
})

test('no identity provider gives one by its claims', async t => {
  const okta = await testIdentityProvider()
  t.after(() => okta.close())
  const { admin } = server
  const settings = await admin.settings.get()
  await admin.settings.replace({ body: { ...settings, publicUrl: server.url }, ifMatch: '"1"' })
  const mapping = { groups: [{ claim: 'groups' }], attributes: [{ claim: 'team', key: 'Team' }] }
  const oidc = {
    issuer: okta.issuer,
    clientId: 'headgate',
    clientSecret: testClientSecret,
    createsUsers: true,
    mapping,
  }
  const made = await admin.identityProviders.create({
    body: { name: 'claims', attributeKeys: ['Team'], groupPatterns: ['*'], oidc },
  })
  okta.serve([{ client_id: 'headgate', redirect_uris: [made.redirectUri ?? ''] }])
  okta.accounts.set('clara', {
    preferred_username: 'clara',
    groups: [value, 'staff'],
    team: [value, 'red'],
    [key]: value,
  })
  const browser = surfer()
  await browser.pickAccount(await browser.go(`${server.url}/sign-in/${made.id}`), 'clara')
  const [clara] = (await admin.users.list({ query: { search: 'clara' } })).items
  assert.deepEqual(
    [clara?.groups.map(({ name }) => name), clara?.attributes.map(one => [one.key, one.value])],
    [['staff'], [['Team', 'red']]],
  )
})

test('the database itself takes no such row', async () => {
  for (const write of [
    sql`insert into person_attribute (person_id, key, value) values (${ids.user}, ${key}, ${value})`,
    sql`insert into group_attribute (group_id, key, value) values (${ids.group}, 'team', ${value})`,
    sql`insert into people_group (name) values (${value})`,
    sql`insert into tag (name) values (${value})`,
  ]) {
    await assert.rejects(write.execute(server.db.kysely), /violates check constraint/)
  }
})

test('what the marketplace gave is shown with where it comes from, and goes with nothing but itself', async () => {
  const { admin } = server
  const shown = { key, value, source: 'marketplace' }
  assert.deepEqual((await member.users.me()).attributes, [shown])
  assert.deepEqual((await admin.dataSources.get({ params: { id: ids.source } })).tags, [value])
  const tagged = await admin.dataSources.list({ query: { tag } })
  assert.deepEqual(
    tagged.items.map(({ id }) => id),
    [ids.source],
  )
  const [reached] = (await admin.access.what({ query: { user: ids.user } })).items
  assert.deepEqual(
    [reached?.dataSource.id, reached?.because.map(({ kind, product }) => [kind, product?.id])],
    [ids.source, [['membership', 'salesproduct']]],
  )
  const [why] = (await admin.access.explain({ query: { user: ids.user, dataSource: ids.source } })).dataSources
  const rule = why?.grants[0]?.rule
  const [fact] = rule?.kind === 'call' ? rule.facts : []
  assert.ok(fact && 'attribute' in fact)
  assert.deepEqual([fact.membership?.product, fact.said.map(({ source }) => source)], ['salesproduct', ['marketplace']])
  const [other] = (await admin.access.explain({ query: { user: server.admin.id, dataSource: ids.source } })).dataSources
  assert.deepEqual(
    other?.fixes.filter(({ fix }) => fix === 'requestProduct'),
    [{ fix: 'requestProduct', product: 'salesproduct', level: 'READ', gives: 'READ' }],
  )
})
