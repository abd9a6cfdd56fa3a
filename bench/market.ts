/** Finding data products: the search of the marketplace over HTTP, among 10,000 of them. */
import { sql } from 'kysely'
import { storeDataSource, storedIntegration } from '../packages/server/test/support/lake.ts'
import { testServer } from '../packages/server/test/support/server.ts'
import { randomOf } from './lib/random.ts'
import { type Bench, spreadOf } from './lib/report.ts'

const words = ['orders', 'stock', 'tills', 'ledger', 'budget', 'weather', 'parcels', 'campaigns', 'models', 'logs']

export async function measure(smoke: boolean): Promise<Bench> {
  const [products, times] = smoke ? [50, 5] : [10_000, 300]
  const server = await testServer()
  try {
    const integration = await storedIntegration(server)
    for (const tag of words) await server.admin.tags.create({ body: { name: `Topic.${tag}` } })
    const sources: number[] = []
    for (const [at, tag] of words.entries()) {
      const item = { name: `source ${at}`, scope: `s3://research-data/${at}/*`, tags: [`Topic.${tag}`] }
      sources.push(await storeDataSource(server, integration, item))
    }
    await fill(server, products, sources)
    const finder = await server.as([], 'finder')
    const random = randomOf(5)
    const questions = {
      'a word in a description': () => finder.marketplace.list({ query: { search: random.pick(words), limit: 50 } }),
      'the beginnings of two words': () =>
        finder.marketplace.list({ query: { search: `prod ${random.pick(words).slice(0, 3)}`, limit: 50 } }),
      'a tag of a data source': () =>
        finder.marketplace.list({ query: { search: `topic.${random.pick(words)}`, limit: 50 } }),
      'no word, the first page': () => finder.marketplace.list({ query: { limit: 50 } }),
      'one that is there once': () =>
        finder.marketplace.list({ query: { search: `unique${random.below(products)}x`, limit: 50 } }),
    }
    const figures: Bench['figures'][number][] = []
    for (const [name, ask] of Object.entries(questions)) {
      await ask()
      const spent: number[] = []
      for (let at = 0; at < times; at++) {
        const begun = performance.now()
        await ask()
        spent.push(performance.now() - begun)
      }
      const { median, p99 } = spreadOf(spent)
      figures.push({ name: `${name}: p99`, value: p99, unit: 'ms', better: 'lower', ...(smoke ? {} : { reach: 50 }) })
      figures.push({ name: `${name}: median`, value: median, unit: 'ms', better: 'lower' })
    }
    return { settings: { products, dataSources: sources.length, times }, figures }
  } finally {
    await server.close()
  }
}

/** Published, five data sources each, with descriptions of a few of the words. */
async function fill({ db }: Awaited<ReturnType<typeof testServer>>, products: number, sources: readonly number[]) {
  await sql`
    insert into data_product (id, state, levels, name, look_alike, definition)
    select 'p' || lpad(n::text, 8, '0'), 'published', '{READ}', 'Product ' || n, 'product ' || n, jsonb_build_object(
      'description', 'Figures of ' || (${words}::text[])[1 + n % 10] || ' and ' || (${words}::text[])[1 + n / 10 % 10]
        || ', unique' || n || 'x, kept for whoever closes the month and whoever plans the next one',
      'dataSources', '[]'::jsonb, 'levels', '["READ"]'::jsonb, 'links', '[]'::jsonb, 'withoutEnd', true)
    from generate_series(0, ${products - 1}::int) n`.execute(db.kysely)
  await sql`
    insert into data_product_source (product_id, data_source_id)
    select 'p' || lpad(n::text, 8, '0'), (${sources}::bigint[])[1 + (n * 7 + k) % ${sources.length}::int]
    from generate_series(0, ${products - 1}::int) n, generate_series(0, 4) k`.execute(db.kysely)
  await sql`analyze`.execute(db.kysely)
}
