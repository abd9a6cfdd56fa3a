/**
 * One world for the table of who may call what: two domains, a data source and policies in each, and somebody for
 * everything that one can be to them.
 */
import type { DomainRight, Permission } from '@headgate/core/api'
import { domainRights, permissions } from '@headgate/core/api'
import { sql } from 'kysely'
import { ensureSigningKey } from '../../src/audit/checkpoint.ts'
import { act, system } from '../../src/db/act.ts'
import { insertSession } from '../../src/db/sign-in-session.ts'
import { newKey } from '../../src/directory/new-key.ts'
import { csrfTokenOf } from '../../src/directory/session-cookie.ts'
import { notify } from '../../src/notify/notify.ts'
import { type Connectable, prepareAccount } from '../support/aws-account.ts'
import { create } from '../support/integrations.ts'
import { storeDataSource } from '../support/lake.ts'
import { givePassword } from '../support/password.ts'
import type { TestPerson, TestServer } from '../support/server.ts'

export interface Actor {
  readonly name: string
  readonly id?: number
  readonly headers: Readonly<Record<string, string>>
  /** Why they are not let in at all, and with a session how writes are refused. */
  readonly refused?: { readonly status: 401 | 403; readonly writesOnly?: true }
  readonly permissions: readonly Permission[]
  /** What they are to the things of the world, as `subject:relation`. */
  readonly is: readonly string[]
  /** Their rights in the domain that the things of the world are in. */
  readonly rights: readonly DomainRight[]
  /** Refused before anything of a route matters: asked of few. */
  readonly isRare?: true
}

export type World = Awaited<ReturnType<typeof prepareWorld>>

const local = {
  kind: 'grant',
  level: 'READ',
  who: { when: "@hasAttribute('never', 'ever')" },
  state: 'active',
} as const

export async function prepareWorld(server: TestServer) {
  const { admin, sandbox } = server
  const account = await prepareAccount(sandbox)
  const other = await prepareAccount(sandbox, { accountId: '444455556666', bucket: 'other-data' })
  const integration = Number((await create(server, account, { awsLocationPath: 's3://research-data' })).id)

  const people = new Map<string, TestPerson>()
  const person = async (name: string, held: readonly Permission[] = []) => {
    const made = await server.as(held, name)
    people.set(name, made)
    return made
  }
  const [ann, gus, rita, mia, quin, sue, zoe] = [
    await person('ann'),
    await person('gus'),
    await person('rita', ['CREATE_S3_DATASOURCE']),
    await person('mia'),
    await person('quin'),
    await person('sue'),
    await person('zoe', ['CREATE_S3_DATASOURCE']),
  ]
  const group = async (name: string, ...members: TestPerson[]) => {
    const { id } = await admin.groups.create({ body: { name } })
    for (const { id: userId } of members) await admin.groups.addMember({ params: { id, userId } })
    return id
  }
  const stewards = await group('Stewards', gus)
  const qualified = await group('Qualified', quin, sue)
  const spare = await group('Spare', mia)
  const listed = await group('Listed')
  const tess = await person('tess')
  const team = { key: 'Team', value: 'Blue' }
  await admin.users.addAttribute({ params: { id: mia.id, ...team } })
  await admin.groups.addAttribute({ params: { id: spare, ...team } })

  for (const name of ['Finance', 'Unused']) await admin.tags.create({ body: { name } })
  const at = (name: string, owner: TestPerson) =>
    storeDataSource(server, integration, { name, scope: `s3://research-data/${name}/*`, owner, tags: ['Finance'] })
  const [here, off, there] = [await at('here', ann), await at('off', ann), await at('there', zoe)]
  for (const id of [here, off]) {
    await admin.dataSources.setOwner({ params: { id, userId: rita.id } })
    await admin.dataSources.setGroupOwner({ params: { id, groupId: stewards } })
    await admin.dataSources.setMember({
      params: { id, userId: mia.id },
      body: { level: 'READ', reason: 'works there' },
    })
  }
  await admin.dataSources.setGroupMember({
    params: { id: here, groupId: spare },
    body: { level: 'READ', reason: 'work there' },
  })
  await admin.domains.create({ body: { name: 'Home' } })
  await admin.domains.create({ body: { name: 'Away' } })
  await admin.domains.create({ body: { name: 'Empty' } })
  for (const id of [here, off]) await admin.domains.addDataSource({ params: { name: 'Home', id } })
  await admin.domains.addDataSource({ params: { name: 'Away', id: there } })
  const body = { rights: ['AUDIT_ACTIVITY' as const] }
  await admin.domains.setUserRights({ params: { name: 'Home', userId: tess.id }, body })
  await admin.domains.setGroupRights({ params: { name: 'Home', groupId: listed }, body })

  const ofHome = await admin.policies.create({
    body: { ...local, name: 'of home', appliesTo: { everything: true }, domain: 'Home' } as never,
  })
  const staged = await admin.policies.create({
    body: { ...local, name: 'staged', state: 'staged', appliesTo: { everything: true }, domain: 'Home' } as never,
  })
  const ofSource = await admin.policies.create({ body: { ...local, name: 'of here', dataSource: here } as never })
  const pick = await admin.policies.create({
    body: { ...local, name: 'pick', appliesTo: { selected: true } } as never,
  })
  const offered = await admin.policies.create({
    body: {
      ...local,
      name: 'offered',
      level: 'READ',
      subscribe: 'manual',
      who: { when: "@isInGroups('Qualified')" },
      dataSource: here,
    } as never,
  })
  const picked = await admin.policies.create({
    body: { ...local, name: 'picked', appliesTo: { selected: true } } as never,
  })
  await admin.subscriptions.select({ params: { id: here, policyId: picked.id } })
  await sue.subscriptions.subscribe({ params: { id: here }, body: { level: 'READ' } })
  await admin.groups.removeMember({ params: { id: qualified, userId: sue.id } })
  await admin.dataSources.remove({ params: { id: off } })

  const otherwise = { review: { stages: [{ any: [{ permission: 'GOVERNANCE' as const }] }] } }
  const form = await admin.requestForms.create({ body: { name: 'form' } })
  const agreement = await admin.agreements.create({ body: { name: 'agreement', text: 'Be careful.' } })
  const flow = await admin.reviewFlows.create({ body: { name: 'flow', otherwise } })

  const asProduct = { domain: 'Home', dataSources: [here] }
  const draft = await admin.dataProducts.create({ body: { ...asProduct, name: 'draft' } })
  const made = await admin.dataProducts.create({ body: { ...asProduct, name: 'published', levels: ['READ', 'WRITE'] } })
  const product = await admin.dataProducts.publish({ params: { id: made.id }, ifMatch: String(made.version) })
  const opening = await admin.policies.create({
    body: {
      ...local,
      name: 'opening',
      level: 'WRITE',
      dataSource: here,
      who: { onRequest: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } } },
    } as never,
  })
  const decider = await server.as(['GOVERNANCE'], 'decider')
  const asked = { params: { id: product.id }, body: { answers: { purpose: 'a report' }, duration: '30d' } }
  const approved = await mia.requests.askForProduct(asked)
  await decider.requests.decide({ params: { id: approved.id }, body: { verdict: 'approve' } })
  const pending = await mia.requests.askForProduct({ ...asked, body: { ...asked.body, level: 'WRITE' } })

  const provider = Number((await admin.identityProviders.create({ body: { name: 'corp' } })).id)
  await admin.scimSettings.replace({ params: { id: provider }, body: {} })
  await admin.identityProviders.link({ params: { id: provider, userId: tess.id }, body: {} })
  const bare = Number((await admin.identityProviders.create({ body: { name: 'bare' } })).id)
  await givePassword(server, mia)
  const { token } = await admin.setUp.link({ params: { id: quin.id } })
  const { deviceCode, userCode } = await admin.deviceSignIns.begin({ body: { device: 'laptop' } })
  const annsKey = (await ann.apiKeys.create({ body: { name: 'spare' } })).id
  const annsSession = (await sessionOf(server, ann)).id

  const actors = await prepareActors(server, people)
  const { id: webhook } = await admin.webhooks.create({
    body: { name: 'hook', url: 'https://8.8.8.8/hook', kinds: ['product.published'] },
  })
  // Calls go nowhere: a private address is refused when it is called, too.
  await sql`update webhook set url = 'https://127.0.0.1:9/'`.execute(server.db.kysely)
  await ensureSigningKey(server.world)
  const event = (await admin.audit.list({ query: { target: `DATASOURCE/${here}` } })).items[0]?.id ?? ''
  const trailPlace = {
    bucketName: account.bucket,
    region: account.region,
    authenticationType: 'accessKey' as const,
    ...account.controller,
  }
  const { id: trailExport } = await admin.auditExports.create({ body: { ...trailPlace, enabled: false } })
  const { id: summary } = await admin.accessExports.create({ body: trailPlace })
  const notice = await tellEverybody(server)
  const { items: deliveries } = await admin.webhooks.deliveries({ params: { id: webhook } })

  const unconnected: Connectable = other
  return {
    ...{
      server,
      integration,
      account,
      unconnected,
      here,
      off,
      there,
      stewards,
      qualified,
      spare,
      listed,
      provider,
      bare,
      token,
      deviceCode,
      userCode,
      notice,
      event,
      trailPlace,
      trailExport,
      summary,
      webhook,
      delivery: deliveries[0]?.id ?? 0,
    },
    ...{ ann, mia, quin, tess, annsKey, annsSession },
    products: { draft, published: product },
    requests: { approved: approved.id, pending: pending.id },
    templates: { form: form.id, agreement: agreement.id, flow: flow.id },
    policies: { ofHome, staged, ofSource, pick, picked, offered, opening },
    actors,
  }
}

/** One notification, in every inbox. */
async function tellEverybody({ db }: TestServer): Promise<number> {
  const people = await db.kysely.selectFrom('person').select('id').execute()
  const facts = { of: { id: 1, name: 'here' } }
  const about = { type: 'dataProduct', id: 'none' } as const
  const to = { people: people.map(({ id }) => id) }
  await act(db, system, doing => notify(doing, { kind: 'product.published', to, about, facts }))
  const { id } = await db.kysely
    .selectFrom('notice')
    .select('id')
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirstOrThrow()
  return id
}

const owner = [
  'dataSource:owner',
  'policy:lookingAfter',
  'policy:picking',
  'access:owner',
  'auditEvent:owner',
  'change:maker',
]

async function prepareActors(server: TestServer, people: ReadonlyMap<string, TestPerson>): Promise<Actor[]> {
  const { admin } = server
  const known = (name: string) => people.get(name) as TestPerson
  const none = { permissions: [], is: [], rights: [] } as const
  const keyed = ({ key, id }: { readonly key: string; readonly id: number }) => ({
    id,
    headers: { authorization: key },
  })
  const annsOwn = ['apiKey:self', 'session:self']

  const actors: Actor[] = [
    { name: 'nobody', headers: {}, refused: { status: 401 }, ...none },
    { name: 'an unknown key', headers: { authorization: 'hg_unknown' }, refused: { status: 401 }, ...none },
    { name: 'anybody', ...keyed(await server.as([], 'plain')), ...none },
    { name: 'the admin', ...keyed(admin), ...none, permissions },
  ]
  for (const permission of permissions) {
    const holder = await server.as([permission], `only ${permission}`)
    actors.push({ name: `only ${permission}`, ...keyed(holder), ...none, permissions: [permission] })
  }

  const registering: readonly Permission[] = ['CREATE_S3_DATASOURCE']
  actors.push(
    { name: 'an owner', ...keyed(known('ann')), ...none, is: [...owner, ...annsOwn] },
    { name: 'an owner through a group', ...keyed(known('gus')), ...none, is: owner },
    {
      name: 'an owner who registers',
      ...keyed(known('rita')),
      ...none,
      permissions: registering,
      is: [...owner, 'policy:registeringOwner'],
    },
    {
      name: 'the owner of something else',
      ...keyed(known('zoe')),
      ...none,
      permissions: registering,
      is: ['policy:picking'],
    },
    {
      name: 'a member',
      ...keyed(known('mia')),
      ...none,
      is: ['dataSource:reaches', 'user:self', 'access:self', 'request:party'],
    },
    { name: 'who may find it', ...keyed(known('quin')), ...none, is: ['dataSource:finds'] },
    { name: 'who subscribed once', ...keyed(known('sue')), ...none, is: ['dataSource:subscribed'] },
  )
  for (const right of domainRights) {
    for (const [domain, rights] of [['Home', [right]] as const, ['Away', []] as const]) {
      const holder = await server.as([], `${right} in ${domain}`)
      await admin.domains.setUserRights({ params: { name: domain, userId: holder.id }, body: { rights: [right] } })
      const looks = rights.length > 0 && right !== 'MANAGE_DATA_PRODUCTS' ? ['policy:lookingAfter'] : []
      actors.push({
        name: `${right} in ${domain === 'Home' ? 'this' : 'another'} domain`,
        ...keyed(holder),
        ...none,
        is: [...looks, `anyDomain:${right}`],
        rights,
      })
    }
  }

  const narrowed = async (name: string, who: TestPerson, held: readonly Permission[], is: readonly string[] = []) => {
    const { key } = await who.apiKeys.create({ body: { name, permissions: [...held] } })
    actors.push({ name, ...keyed({ key, id: who.id }), ...none, permissions: held, is })
  }
  await narrowed("the admin's key narrowed to nothing", admin, [])
  await narrowed("the admin's key narrowed to AUDIT", admin, ['AUDIT'])
  await narrowed("an owner's key narrowed to nothing", known('ann'), [], annsOwn)
  await narrowed("a registering owner's key narrowed to that", known('rita'), registering, [
    ...owner,
    'policy:registeringOwner',
  ])
  const manager = await server.as([], 'manager')
  await admin.domains.setUserRights({
    params: { name: 'Home', userId: manager.id },
    body: { rights: ['MANAGE_POLICIES'] },
  })
  await narrowed("a policy manager's key narrowed to nothing", manager, [])

  const gone = async (name: string, end: (one: TestPerson) => Promise<unknown>, rare = true) => {
    const one = await server.as(permissions, name)
    await end(one)
    actors.push({ name, ...keyed(one), ...none, refused: { status: 401 }, ...(rare ? { isRare: true } : {}) })
  }
  await gone('a disabled person', ({ id }) => admin.users.update({ params: { id }, body: { disabled: true } }), false)
  await gone('a deleted person', ({ id }) => admin.users.remove({ params: { id } }))
  await gone('an expired key', ({ id }) =>
    sql`update api_key set expires_at = now() - interval '1 second' where person_id = ${id}`.execute(server.db.kysely),
  )
  await gone('a revoked key', async one => {
    const { items } = await one.apiKeys.list()
    for (const { id } of items) await one.apiKeys.revoke({ params: { id } })
  })

  const second = await server.as(permissions, 'second admin')
  await givePassword(server, second)
  await sessionOf(server, second)
  const { cookie, csrf } = await sessionOf(server, second)
  const same = { cookie, 'sec-fetch-site': 'same-origin' }
  const forged = { ...none, id: second.id, permissions, refused: { status: 403, writesOnly: true } } as const
  actors.push(
    { name: 'a session without its token', ...forged, headers: same },
    { name: 'a session with another token', ...forged, isRare: true, headers: { ...same, 'x-csrf-token': 'x' } },
    {
      name: 'a session from another site',
      ...forged,
      isRare: true,
      headers: { cookie, 'x-csrf-token': csrf, 'sec-fetch-site': 'cross-site' },
    },
    { name: 'a session', ...none, id: second.id, permissions, headers: { ...same, 'x-csrf-token': csrf } },
  )
  return actors
}

async function sessionOf({ db }: TestServer, { id: person }: TestPerson) {
  const { key: secret, hash } = newKey()
  const { result: id } = await act(db, system, ({ tx }) =>
    insertSession(tx, { hash, person, via: 'local', userAgent: 'a browser', ip: '127.0.0.1' }),
  )
  return { id, cookie: `headgate=${secret}`, csrf: csrfTokenOf(secret) }
}
