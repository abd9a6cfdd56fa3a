/** An auditor at work: why somebody has no access, that they had it before and by what, and a report as a file. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { act, system } from '../../packages/server/src/db/act.ts'
import { findIntegration, sayChanged } from '../../packages/server/src/db/integration.ts'
import { storeDataSource, storedIntegration } from '../../packages/server/test/support/lake.ts'
import { testServer } from '../../packages/server/test/support/server.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { accessibilityViolations, startChromium } from './chromium.ts'
import { fits, signedIn } from './visit.ts'

const manyPeople = 1000

test('an auditor asks who has access, who had it, and takes the answer along', async t => {
  await buildWebWhenStale()
  const server = await testServer({
    webFolder: webDir,
    fill: async ({ kysely }) => {
      await sql`insert into person (userid, name, kind)
        select 'many-' || n, 'Many ' || n, 'person' from generate_series(1, ${sql.lit(manyPeople)}) n`.execute(kysely)
    },
  })
  t.after(() => server.close())
  const { admin, db } = server
  const integration = await storedIntegration(server)
  await act(db, system, async doing => {
    sayChanged(doing, (await findIntegration(doing.tx, integration)) ?? assert.fail(), 'integration-created')
  })
  const ann = await server.as([], 'ann')
  const team = { id: ann.id, key: 'team', value: 'finance' }
  const payroll = await storeDataSource(server, integration, { name: 'payroll', scope: 's3://research-data/payroll/*' })
  await storeDataSource(server, integration, { name: 'canteen', scope: 's3://research-data/canteen/*' })
  const policy = { kind: 'grant', level: 'READ', state: 'active' } as const
  await admin.users.addAttribute({ params: team })
  await admin.policies.create({
    body: {
      ...policy,
      name: 'Finance reads payroll',
      appliesTo: { any: [{ name: 'payroll' }] },
      who: { when: "@hasAttribute('team', 'finance')" },
    },
  })
  await admin.policies.create({
    body: { ...policy, name: 'All read the menu', appliesTo: { any: [{ name: 'canteen' }] }, who: { everyone: true } },
  })
  // The field knows whole seconds.
  const then = new Date(Math.ceil(Date.now() / 1000) * 1000)
  await setTimeout(then.getTime() - Date.now() + 5)
  await admin.users.removeAttribute({ params: team })

  const auditor = await server.as(['AUDIT'], 'audrey')
  const page = await signedIn(t, await startChromium(t), { server }, auditor.key)

  await t.test('the first steps say what is missing before there is a grant, and whose it is', async () => {
    const steps = page.getByRole('region', { name: 'First steps' })
    await steps.getByText('3 of 5 done').waitFor()
    await steps.getByText('A user admin does that.').waitFor()
    await fits(page, '/')
  })

  await t.test('a person is found from anywhere by keyboard', async () => {
    await page.keyboard.press('Control+K')
    const dialog = page.getByRole('dialog', { name: 'Search' })
    await dialog.getByRole('textbox').fill('ann')
    await dialog.getByText('Name of ann').waitFor()
    assert.deepEqual(await accessibilityViolations(page), [])
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Name of ann', level: 1 }).waitFor()
  })

  await t.test('why not now, what would change it, and that it was otherwise before', async () => {
    await page.getByRole('link', { name: 'Access', exact: true }).click()
    await page.getByRole('textbox', { name: 'Person or AWS principal' }).fill('ann')
    await page.getByRole('option', { name: 'Name of ann' }).click()
    await page.getByRole('textbox', { name: 'Data source or path' }).fill('payr')
    await page.getByRole('option', { name: 'payroll' }).click()
    await page.getByRole('heading', { name: 'Name of ann has no access to payroll' }).waitFor()
    await page.getByText('Give the attribute team: finance, which gives read.').waitFor()
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      await fits(page, '/access')
    }
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('table', { name: 'How one leads to the other' }).waitFor()
    await fits(page, '/access on a phone')
    await page.setViewportSize({ width: 1280, height: 800 })

    await page.getByLabel('As of').fill(inTheField(then))
    const past = page.getByRole('table', { name: 'Who had what then' })
    await past.getByRole('link', { name: 'Finance reads payroll' }).waitFor()
    await fits(page, '/access then')
    assert.equal(new URL(page.url()).searchParams.get('when')?.replaceAll('"', ''), then.toISOString())
    const { items } = await auditor.pastAccess.at({
      query: { at: then.toISOString(), user: ann.id, dataSource: payroll },
    })
    assert.deepEqual(
      items.map(({ level, because }) => [level, because[0]?.name]),
      [['READ', 'Finance reads payroll']],
    )
  })

  await t.test('a report of many is read by scrolling, and the file holds what the server says', async () => {
    await page.goto('/app/reports')
    await fits(page, '/reports')
    await page.getByRole('link', { name: 'Entitled people without an AWS identity' }).click()
    const table = page.getByRole('table', { name: 'Entitled people without an AWS identity' })
    await table.getByRole('row').nth(5).waitFor()
    assert.equal(await table.getAttribute('aria-rowcount'), '1001')
    assert.ok((await table.getByRole('row').count()) < 100)
    await fits(page, '/reports/unmapped-people')
    const last = table.locator('tr[aria-rowindex="1001"]')
    // Heights are found out on the way: the end may move a few times.
    for (let times = 0; times < 10 && (await last.count()) === 0; times++) {
      await page.keyboard.press('End')
      await last.waitFor({ timeout: 1000 }).catch(() => {})
    }
    await last.getByRole('rowheader').waitFor()

    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download all of it as CSV' }).click(),
    ])
    assert.equal(file.suggestedFilename(), 'unmapped-people.csv')
    const text = await readFile(await file.path(), 'utf8')
    const said = await auditor.reports.csv({ params: { name: 'unmapped-people' } })
    assert.equal(text.replace(/^\uFEFF/, ''), said.replace(/^\uFEFF/, ''))
    assert.ok(said.split('\n').length > manyPeople)
  })
})

/** In the time zone of this process, which is the browser's. */
function inTheField(at: Date): string {
  const two = (part: number) => String(part).padStart(2, '0')
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-')
  return `${day}T${[at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')}`
}
