/**
 * Lists of 100,000: pages of them come from the server, and what is shown at once is drawn only as far as it is seen. The
 * long run alone fills a database with so much; times are printed, and what the page holds is bounded.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import type { Page } from 'playwright-core'
import { act, system } from '../../packages/server/src/db/act.ts'
import { sealAll } from '../../packages/server/src/db/audit-seal.ts'
import type { Db } from '../../packages/server/src/db/open.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { holdingKey, open, settled } from './visit.ts'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)
const many = Number(process.env.HEADGATE_MANY_ROWS ?? 100_000)
/** Elements on any screen, and megabytes that its scripts hold. */
const most = { elements: 6000, megabytes: 150 }

test('a hundred thousand of everything', { skip: !isLong && 'a part of test:long', timeout: 900_000 }, async t => {
  await buildWebWhenStale()
  const begun = performance.now()
  const server = await testServer({ webFolder: webDir, fill })
  t.after(() => server.close())
  const { admin } = server
  for (const [name, tag, attribute] of [
    ['The crowd reads what is shared', 'Shared', 'crowd'],
    ['One reads everything', 'Everything', 'all'],
  ] as const) {
    await admin.policies.create({
      body: {
        name,
        kind: 'grant',
        level: 'READ',
        state: 'active',
        appliesTo: { any: [{ tag }] },
        who: { when: `@hasAttribute('reads', '${attribute}')` },
      },
    })
  }
  t.diagnostic(`filled in ${since(begun)} ms`)
  const everyone = await admin.users.list({ query: { limit: 1 } })
  assert.ok(everyone.total > many)
  const [reader] = (await admin.users.list({ query: { limit: 1, search: 'person-000042' } })).items
  const [shared] = (await admin.dataSources.list({ query: { limit: 1, tag: 'Shared' } })).items
  assert.ok(reader && shared)

  const browser = await startChromium(t)
  const page = await open(t, browser, { server })
  await holdingKey(page, admin.key)
  page.setDefaultTimeout(60_000)
  timeAnswers(t, page)

  const lists = [
    ['/data-sources', 'source 047110'],
    ['/people', 'person-004711'],
    ['/grants', undefined],
    [`/data-sources/${shared.id}`, 'person-004711'],
    [`/people/${reader.id}`, 'source 047110'],
    [`/access?person=${reader.id}`, undefined],
    [`/access?dataSource=${shared.id}`, undefined],
  ] as const
  for (const [address, name] of lists) {
    await t.test(`${address} is paged and searched`, async t => {
      const started = performance.now()
      await page.goto(`/app${address}`)
      await settled(page)
      const table = page.getByRole('table').first()
      await table.getByRole('row').nth(2).waitFor()
      t.diagnostic(`first page after ${since(started)} ms`)
      const pages = page.getByRole('navigation', { name: /^Pages of/ }).first()
      for (let place = 2; place <= 6; place++) {
        await pages.getByRole('button', { name: 'Next' }).click()
        await pages.getByText(`${((place - 1) * 50 + 1).toLocaleString('en')}–`).waitFor()
      }
      await pages.getByRole('button', { name: 'First page' }).click()
      await pages.getByText('1–50', { exact: false }).waitFor()
      if (name !== undefined) {
        const searching = performance.now()
        await page.getByRole('searchbox').first().fill(name)
        await pages.waitFor({ state: 'detached' })
        await table.getByText(name).first().waitFor()
        t.diagnostic(`found after ${since(searching)} ms`)
      }
      await isBounded(t, page)
    })
  }

  await t.test('the audit trail is read from its newest end backwards', async t => {
    await page.goto('/app/audit')
    await settled(page)
    for (let pages = 0; pages < 5; pages++) {
      const address = page.url()
      await page.getByRole('link', { name: 'Older events' }).click()
      await page.waitForURL(url => url.href !== address)
      await settled(page)
    }
    await page.getByRole('link', { name: 'Newest' }).click()
    await page.getByLabel('Search in events').fill(`Tag ${many - 4711}`)
    await page
      .getByRole('table', { name: 'Audit events' })
      .getByText(`Tag ${many - 4711}`)
      .first()
      .waitFor()
    await isBounded(t, page)
  })

  await t.test('a report of all of them is scrolled to its end', async t => {
    await page.goto('/app/reports/unmapped-people')
    const table = page.getByRole('table', { name: 'Entitled people without an AWS identity' })
    await table.getByRole('row').nth(5).waitFor()
    for (let times = 0; times < 20; times++) {
      await page.keyboard.press('End')
      await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))')
    }
    t.diagnostic(`${await table.getAttribute('aria-rowcount')} rows`)
    await isBounded(t, page)
  })
})

async function fill(db: Db): Promise<void> {
  const { kysely } = db
  await sql`insert into person (userid, name, kind)
    select 'person-' || lpad(n::text, 6, '0'), 'Person ' || n, 'person' from generate_series(1, ${many}::int) n`.execute(
    kysely,
  )
  await sql`insert into person_attribute (person_id, key, value) select id, 'reads', 'crowd' from person`.execute(
    kysely,
  )
  await sql`insert into person_attribute (person_id, key, value)
    select id, 'reads', 'all' from person where userid = 'person-000042'`.execute(kysely)
  await sql`insert into integration (name, account_id, region, location_role, location_path, authentication_type, status,
      validation, aws_location_id)
    values ('lake', '111122223333', 'us-east-1', 'arn:aws:iam::111122223333:role/lake', 's3://', 'auto', 'enabled',
      '{"status":"passed","validationTests":[]}', 'location')`.execute(kysely)
  await sql`insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, created_by)
    select 'source ' || lpad(n::text, 6, '0'), (select id from integration), '111122223333', 'us-east-1',
      '/lake/source-' || n || '/*', 'lake', 'source-' || n || '/', 'prefix', (select min(id) from person)
    from generate_series(1, ${many}::int) n`.execute(kysely)
  await sql`insert into tag (name) values ('Everything'), ('Shared')`.execute(kysely)
  await sql`insert into data_source_tag (data_source_id, tag) select id, 'Everything' from data_source`.execute(kysely)
  await sql`insert into data_source_tag (data_source_id, tag) select min(id), 'Shared' from data_source`.execute(kysely)
  await sql`insert into ledger (integration_id, data_source_id, person_id, grantee_type, grantee_id, bucket, key, kind,
      permission, state, aws_grant_id, because, cause, epoch, active_at, updated_at)
    select d.integration_id, d.id, p.id, 'IAM', 'arn:aws:iam::111122223333:user/' || p.userid, d.bucket, d.key, 'prefix',
      'READ', 'active', 'grant-' || p.id, '[]', 'filled', 1, now(), now()
    from person p join data_source d on d.key = 'source-' || substring(p.name from 8) || '/'`.execute(kysely)
  for (let done = 0; done < many; done += 1000) await manyEvents(db, done)
  // As a server does within a second of each, and PostgreSQL a minute later.
  await sealAll(db)
  await sql`vacuum analyze`.execute(kysely)
}

function manyEvents(db: Db, from: number) {
  return act(db, system, async ({ audit }) => {
    for (let at = from; at < Math.min(many, from + 1000); at++) {
      const target = { type: 'TAG', id: String(at % 997), name: `Tag ${at}` }
      const [before, after] = [{ description: 'x'.repeat(60) }, { description: 'y'.repeat(60) }]
      audit({ action: 'UPDATE', targetType: 'TAG', targets: [target], payload: { type: 'TagEdited', before, after } })
    }
  })
}

async function isBounded(t: TestContext, page: Page): Promise<void> {
  const { elements, bytes } = await page.evaluate<{ elements: number; bytes: number }>(
    "({ elements: document.querySelectorAll('*').length, bytes: performance.memory.usedJSHeapSize })",
  )
  t.diagnostic(`${elements} elements, ${Math.round(bytes / 1e6)} MB`)
  assert.ok(elements < most.elements, `${elements} elements`)
  assert.ok(bytes < most.megabytes * 1e6, `${bytes} bytes`)
}

/** Tells of every answer that takes longer than a person likes to wait. */
function timeAnswers(t: TestContext, page: Page): void {
  page.on('requestfinished', request => {
    const { responseEnd } = request.timing()
    if (responseEnd > 500)
      t.diagnostic(`slow: ${Math.round(responseEnd)} ms for ${request.url().replace(/^[^/]*\/\/[^/]*/, '')}`)
  })
}

function since(start: number): number {
  return Math.round(performance.now() - start)
}
