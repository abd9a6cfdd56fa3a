/** Who is told what, what they find in their inbox, and what they choose to be told. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ApiError, type NoticeKind, noticeKindNames } from '@headgate/core/api'
import { sql } from 'kysely'
import { act, system } from '../src/db/act.ts'
import { forgetOldNotices } from '../src/db/notice.ts'
import { type Notice, notify } from '../src/notify/notify.ts'
import { wordsOf } from '../src/notify/words.ts'
import { storeDataSource } from './support/lake.ts'
import { type TestPerson, type TestServer, testServer } from './support/server.ts'

describe('notify', () => {
  let server: TestServer
  before(async () => {
    server = await testServer()
  })
  after(() => server.close())

  async function tell<Kind extends NoticeKind>(notice: Notice<Kind>): Promise<void> {
    await act(server.db, system, doing => notify(doing, notice))
  }
  const told = (to: Notice<'product.changed'>['to'], name = 'Sales', once?: string): Notice<'product.changed'> => ({
    kind: 'product.changed',
    to,
    about: { type: 'dataProduct', id: 'c1' },
    facts: { of: { id: 'c1', name } },
    ...(once === undefined ? {} : { once }),
  })
  const titles = async ({ notifications }: TestPerson, query: object = {}) =>
    (await notifications.list({ query })).items.map(({ title }) => title)

  test('tells whoever is named, holds the permission, owns the data source or has the right, once', async () => {
    const { admin } = server
    const [named, governor, doer, owner, member, domainMember, nobody, gone] = [
      ...[await server.as(), await server.as(['GOVERNANCE']), await server.as(['GOVERNANCE']), await server.as()],
      ...[await server.as(), await server.as(), await server.as(), await server.as(['GOVERNANCE'])],
    ] as [TestPerson, TestPerson, TestPerson, TestPerson, TestPerson, TestPerson, TestPerson, TestPerson]
    const group = await admin.groups.create({ body: { name: 'Owners' } })
    await admin.groups.addMember({ params: { id: group.id, userId: member.id } })
    const stewards = await admin.groups.create({ body: { name: 'Stewards' } })
    await admin.groups.addMember({ params: { id: stewards.id, userId: domainMember.id } })
    await sql`insert into integration (name, account_id, region, location_role, location_path, authentication_type,
      status, validation) values ('lake', '111122223333', 'us-east-1', 'r', 's3://research-data', 'auto', 'enabled', '{}')`.execute(
      server.db.kysely,
    )
    const { id: integration } = await server.db.kysely.selectFrom('integration').select('id').executeTakeFirstOrThrow()
    const dataSource = await storeDataSource(server, integration, {
      name: 'here',
      scope: 's3://research-data/here/*',
      owner,
    })
    await admin.dataSources.setGroupOwner({ params: { id: dataSource, groupId: group.id } })
    await admin.domains.create({ body: { name: 'Home' } })
    await admin.domains.setGroupRights({
      params: { name: 'Home', groupId: stewards.id },
      body: { rights: ['MANAGE_DATA_PRODUCTS'] },
    })
    await admin.users.update({ params: { id: gone.id }, body: { disabled: true } })
    const to = {
      people: [named.id, governor.id],
      permission: 'GOVERNANCE',
      dataSourceOwners: [dataSource],
      domainRight: { domain: 'Home', right: 'MANAGE_DATA_PRODUCTS' },
      except: [doer.id],
    } as const
    await tell(told(to))
    const rows = await server.db.kysely.selectFrom('inbox').select('person_id').execute()
    const expected = [admin.id, named.id, governor.id, owner.id, member.id, domainMember.id]
    assert.deepEqual(rows.map(row => row.person_id).sort(), expected.sort())
    assert.deepEqual(await titles(nobody), [])
  })

  test('what is marked is told once, and what is not stored with its change not at all', async () => {
    const ann = await server.as()
    await tell(told({ people: [ann.id] }, 'one', 'run 7'))
    await tell(told({ people: [ann.id] }, 'two', 'run 7'))
    await assert.rejects(
      act(server.db, system, async doing => {
        await notify(doing, told({ people: [ann.id] }, 'three'))
        throw new Error('rolled back')
      }),
    )
    assert.deepEqual(await titles(ann), ['one changed'])
  })

  test('an inbox is paged, read and counted by its owner alone', async () => {
    const [ann, bob] = [await server.as(), await server.as()]
    for (const name of ['one', 'two', 'three']) await tell(told({ people: [ann.id] }, name))
    const first = await ann.notifications.list({ query: { limit: 2 } })
    assert.deepEqual(
      [first.items.map(({ title }) => title), first.total, first.unread],
      [['three changed', 'two changed'], 3, 3],
    )
    assert.deepEqual(await titles(ann, { limit: 2, cursor: first.next }), ['one changed'])
    const params = { id: first.items[1]?.id ?? 0 }
    await ann.notifications.read({ params })
    assert.deepEqual(await titles(ann, { unread: true }), ['three changed', 'one changed'])
    await ann.notifications.unreadAgain({ params })
    await assert.rejects(
      bob.notifications.read({ params }),
      (error: ApiError) => error.code === 'notification-not-found',
    )
    assert.deepEqual(await ann.notifications.readAll({ body: { upTo: params.id } }), { read: 2 })
    assert.deepEqual(await ann.notifications.unread(), { unread: 1 })
  })

  test('whoever watches learns at once how many are unread', async () => {
    const ann = await server.as()
    const stream = await ann.notifications.events()
    const events = stream[Symbol.asyncIterator]()
    assert.equal((await events.next()).value?.unread, 0)
    await tell(told({ people: [ann.id] }))
    assert.equal((await events.next()).value?.unread, 1)
    await ann.notifications.readAll({ body: { upTo: 1_000_000 } })
    assert.equal((await events.next()).value?.unread, 0)
    await events.return?.()
  })

  test('everybody chooses what they are told, but for what a governor has to see', async () => {
    const gus = await server.as(['GOVERNANCE'])
    const choose = (kind: NoticeKind, inbox: boolean) =>
      gus.notifications.choose({ body: { items: [{ kind, inbox, email: false }] } })
    const { items } = await choose('product.changed', false)
    assert.equal(items.length, noticeKindNames.length)
    await tell(told({ people: [gus.id] }))
    assert.deepEqual(await titles(gus), [])
    for (const kind of ['brake.held', 'request.stuck', 'audit.failed'] as const) {
      await assert.rejects(choose(kind, false), (error: ApiError) => error.code === 'request-invalid')
      const email = (await choose(kind, true)).items.find(one => one.kind === kind)?.email
      assert.equal(email, false)
    }
    await tell(told({ people: [gus.id] }))
    assert.deepEqual(await titles(gus), ['Sales changed'], 'what is not named has its default again')
  })

  test('every kind has words of one line, and says "your" to whom it is about', () => {
    const facts = {
      ...{ of: { id: 1, name: 'Sales\n\u202e' }, by: { id: 2, name: 'Bob' }, for: { id: 3, name: 'Ann' } },
      ...{ count: 1, until: '2026-11-23T10:20:30.000Z', problem: 'a\r\nb', reason: 'c' },
    }
    for (const kind of noticeKindNames) {
      const words = wordsOf({ kind, about_type: 'run', about_id: '7/..', facts }, 3)
      for (const line of [words.title, ...words.lines]) assert.match(line, /^[^\p{C}]+$/u, kind)
      assert.equal(words.path, '/runs/7%2F..')
    }
    const expiring = { kind: 'membership.expiring', about_type: 'dataProduct', about_id: 'c1', facts } as const
    assert.equal(wordsOf(expiring, 3).title, 'Your access to Sales ends on 2026-11-23 10:20 UTC')
    const reminder = { kind: 'request.reminder', about_type: 'request', about_id: '7' } as const
    assert.equal(wordsOf({ ...reminder, facts: { count: 1 } }, 3).path, '/requests/7')
    assert.equal(wordsOf({ ...reminder, facts: { count: 2 } }, 3).path, '/requests')
    assert.equal(wordsOf(expiring, 3).path, '/marketplace/c1')
    assert.equal(wordsOf(expiring, 4).title, 'Ann’s access to Sales ends on 2026-11-23 10:20 UTC')
  })

  test('whatever somebody wrote is stored as far as it can be, and hinders no change', async () => {
    const ann = await server.as()
    const notice = told({ people: [ann.id] })
    const reason = `${'x'.repeat(3_999)}\ud83d\ude00 and more`
    await tell({ ...notice, facts: { of: { id: 'c1', name: 'a\0b' }, reason } })
    const { items } = await ann.notifications.list({ query: {} })
    assert.equal(items[0]?.title, 'ab changed')
    assert.equal(items[0]?.facts.reason, `${'x'.repeat(3_999)}\ufffd`)
  })

  test('what is old goes, with everything that came of it', async () => {
    const ann = await server.as()
    await tell(told({ people: [ann.id] }, 'old'))
    await sql`update notice set at = now() - interval '91 days'`.execute(server.db.kysely)
    await tell(told({ people: [ann.id] }, 'new'))
    await forgetOldNotices(server.db, 90)
    assert.deepEqual(await titles(ann), ['new changed'])
  })
})
