/** Lists in the order that is asked for: page by page what the whole list is, put into that order by hand. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { api } from '@headgate/core/api'
import { storeDataSource, storedIntegration } from './support/lake.ts'
import { storeProduct } from './support/products.ts'
import { type TestServer, testServer } from './support/server.ts'

type Value = string | number
type Item = Readonly<Record<string, unknown>>
interface Listing {
  readonly list: (query: object) => Promise<{ items: readonly object[]; next?: string | undefined; total: number }>
  readonly sorts: readonly string[]
  /** Different in every row. */
  readonly own: (item: Item) => Value
  /** By names of the contract; a property of that name unless said. */
  readonly keys?: Readonly<Record<string, (item: Item) => Value>>
}

describe('lists in order', () => {
  let server: TestServer
  before(async () => {
    server = await testServer()
    await fill(server)
  })
  after(() => server.close())

  const byName = (item: Item) => String(item.name)
  const byId = (item: Item) => Number(item.id)
  const listings: Readonly<Record<string, () => Listing>> = {
    users: () => ({
      list: query => server.admin.users.list({ query }),
      sorts: optionsOf(api.users.list.query.shape.sort),
      own: item => String(item.userid),
      keys: { createdAt: byId, name: item => byName(item).toLowerCase() },
    }),
    groups: () => ({
      list: query => server.admin.groups.list({ query }),
      sorts: optionsOf(api.groups.list.query.shape.sort),
      own: byName,
    }),
    'data sources': () => ({
      list: query => server.admin.dataSources.list({ query }),
      sorts: optionsOf(api.dataSources.list.query.shape.sort),
      own: byName,
      keys: { createdAt: byId },
    }),
    tags: () => ({
      list: query => server.admin.tags.list({ query }),
      sorts: optionsOf(api.tags.list.query.shape.sort),
      own: byName,
    }),
    policies: () => ({
      list: query => server.admin.policies.list({ query }),
      sorts: optionsOf(api.policies.list.query.shape.sort),
      own: byName,
      keys: { createdAt: byId },
    }),
    'data products': () => ({
      list: query => server.admin.dataProducts.list({ query }),
      sorts: optionsOf(api.dataProducts.list.query.shape.sort),
      own: byName,
    }),
    requests: () => ({
      list: query => server.admin.requests.list({ query: { ...query, box: 'all' } }),
      sorts: optionsOf(api.requests.list.query.shape.sort),
      own: byId,
      keys: { createdAt: byId, name: item => (item.dataProduct as { name: string }).name },
    }),
  }

  for (const [name, listing] of Object.entries(listings)) {
    test(`${name}: every order, in pages of every size`, async () => {
      const { list, sorts, own, keys = {} } = listing()
      const { items: all } = await list({ limit: 1000 })
      assert.ok(all.length >= 6, `${all.length} are enough to tell orders apart`)
      for (const sort of sorts) {
        const [key, way] = sort.startsWith('-') ? [sort.slice(1), -1] : [sort, 1]
        const value = keys[key] ?? (item => item[key] as Value)
        const expected = [...(all as Item[])].sort(
          (a, b) => way * (compare(value(a), value(b)) || compare(own(a), own(b))),
        )
        for (const limit of [1, 4, all.length]) {
          const seen: Item[] = []
          for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
            const page = await list({ sort, limit, ...(cursor && { cursor }) })
            assert.equal(page.total, all.length)
            seen.push(...(page.items as Item[]))
            cursor = page.next
          }
          assert.deepEqual(seen.map(own), expected.map(own), `${sort} in pages of ${limit}`)
        }
      }
    })
  }

  test('a cursor goes on in its own order alone', async () => {
    const { next = '' } = await server.admin.users.list({ query: { sort: 'createdAt', limit: 1 } })
    const placed = (place: unknown) => Buffer.from(`after:${JSON.stringify(place)}`).toString('base64url')
    for (const [sort, cursor] of [
      ['-createdAt', next],
      ['userid', next],
      ['createdAt', placed(['createdAt', 'seven', 'ann'])],
      ['createdAt', placed(['createdAt', '7'])],
      ['createdAt', placed({ createdAt: 7 })],
      ['createdAt', Buffer.from('after:ann').toString('base64url')],
    ]) {
      const answer = await server.admin.send(
        `/users?${new URLSearchParams({ sort: sort ?? '', cursor: cursor ?? '' })}`,
      )
      assert.equal(answer.status, 422, `${sort} ${cursor}`)
      assert.match(((await answer.json()) as { message: string }).message, /query\.cursor.*sort=/)
    }
    assert.equal((await server.admin.send('/users?sort=password')).status, 422)
  })
})

/** Byte order of texts, as the lists have it. */
function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return Buffer.compare(Buffer.from(String(a)), Buffer.from(String(b)))
}

function optionsOf(sort: { readonly unwrap: () => { readonly options: readonly string[] } }): readonly string[] {
  return sort.unwrap().options
}

/** Several equal by each key that is not a row's own. */
async function fill(server: TestServer): Promise<void> {
  const { admin } = server
  const integration = await storedIntegration(server)
  const people: number[] = []
  for (const [n, name] of ['Cy', 'al', 'Bo', 'al', 'Cy', 'Al'].entries()) {
    const { id } = await admin.users.create({ body: { userid: `u${(n * 7) % 5}${n}`, name } })
    people.push(id)
  }
  for (const [n, size] of [2, 0, 1, 2, 1, 0].entries()) {
    const { id } = await admin.groups.create({ body: { name: `g${(n * 5) % 6}` } })
    for (const userId of people.slice(0, size)) await admin.groups.addMember({ params: { id, userId } })
  }
  for (const name of ['T', 'A', 'M', 'Z', 'B', 'K']) await admin.tags.create({ body: { name } })
  for (const [n, tags] of [['A', 'M'], ['M'], [], ['M', 'Z'], ['Z'], []].entries()) {
    const scope = `s3://research-data/${'cabcba'[n]}${n}/*`
    await storeDataSource(server, integration, { name: `d${(n * 5) % 6}`, scope, tags })
  }
  for (let n = 0; n < 6; n++) {
    const kind = n % 3 === 0 ? 'guardrail' : 'grant'
    const level = n % 2 === 0 ? 'READ' : 'WRITE'
    const state = n % 4 === 1 ? 'active' : 'staged'
    const who = { when: `@isUser('u${n}')` }
    const body = { name: `p${(n * 5) % 6}`, kind, level, state, appliesTo: { everything: true }, who } as const
    await admin.policies.create({ body })
  }
  const states = ['published', 'retired', 'published', 'suspended', 'published', 'published'] as const
  for (const [n, state] of states.entries()) await storeProduct(server.db, { id: `x${(n * 5) % 6}`, state })
  for (const [at, userid] of ['una', 'otto'].entries()) {
    const person = await server.as([], userid)
    for (const id of ['x0', 'x4', 'x2']) {
      const body = { answers: { purpose: 'a report' }, duration: '30d' }
      const request = await person.requests.askForProduct({ params: { id }, body })
      if ((request.id + at) % 2 === 0) await person.requests.cancel({ params: { id: request.id }, body: {} })
    }
  }
}
