/**
 * What every screen owes: nothing that axe-core finds, light or dark, nothing to scroll sideways on a phone, no script
 * and nothing else from elsewhere. The long run visits them all in the demo world, the short one those that few visit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lake, register } from '../../packages/server/test/reconcile/reconcile-world.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { accessibilityViolations, sidewaysScroll, startChromium } from './chromium.ts'
import { addressesIn, furnish, outside, screens, withName } from './screens.ts'
import { holdingKey, open, settled } from './visit.ts'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)
/** Those with forms that no journey opens. */
const inShortRun = ['/data-sources/$id', '/tags', '/domains/$name']

test('of every screen with a name in its address it is known where to find one', async () => {
  const unknown = (await screens()).filter(path => path.includes('$') && withName[path] === undefined)
  assert.deepEqual(unknown, [], 'say in screens.ts where to find one')
})

test('screens', async t => {
  await buildWebWhenStale()
  const here = await lake(t, { webFolder: webDir })
  const { admin, url } = here.server
  const dataSource = await register(here, 's3://research-data/finance/*')
  await furnish(admin)

  await t.test('no page of the app may run a script of its own text, or ask anybody else', async () => {
    for (const path of ['/app/', '/app/sign-in', '/app/people/1', '/app/index.html']) {
      const answer = await fetch(url + path)
      const policy = new Map(
        (answer.headers.get('content-security-policy') ?? '').split(';').map(part => {
          const [name = '', ...sources] = part.trim().split(' ')
          return [name, sources.join(' ')]
        }),
      )
      assert.equal(policy.get('script-src'), "'self'", path)
      assert.equal(policy.get('default-src'), "'self'", path)
      assert.equal(policy.get('connect-src'), "'self'", path)
      assert.doesNotMatch(await answer.text(), /<script(?![^>]*\bsrc=)|\son[a-z]+=|https?:\/\//, path)
    }
  })

  await t.test('whoever takes compressed files gets them', async () => {
    const page = await (await fetch(`${url}/app/`)).text()
    const script = /src="([^"]+\.js)"/.exec(page)?.[1] ?? assert.fail('no script')
    for (const encoding of ['br', 'gzip']) {
      const { headers } = await fetch(url + script, { headers: { 'accept-encoding': encoding } })
      assert.deepEqual([headers.get('content-encoding'), headers.get('vary')], [encoding, 'accept-encoding'])
    }
    const plain = await fetch(url + script, { headers: { 'accept-encoding': 'identity' } })
    assert.equal(plain.headers.get('content-encoding'), null)
  })

  const browser = await startChromium(t)
  await t.test('an owner tags a data source, and lets somebody in by name once they saw what that does', async t => {
    const { id: ann } = await here.server.as([], 'ann')
    const page = await open(t, browser, here)
    await holdingKey(page, admin.key)
    await page.goto(`/app/data-sources/${dataSource}`)
    await page.getByLabel('A tag of the catalogue').selectOption('Seasonal.Harvest')
    await page.getByRole('button', { name: 'Apply it' }).click()
    await page.getByRole('button', { name: 'Apply Seasonal.Harvest: nobody gains or loses' }).click()
    await page.getByRole('button', { name: 'Remove the tag Seasonal.Harvest' }).waitFor()
    const members = page.getByRole('region', { name: 'Change its members' })
    await members.getByLabel('Reason').fill('Audit of the harvest')
    await members.getByLabel('Find a person').fill('ann')
    await members.getByLabel('Found person').waitFor()
    await members.getByRole('button', { name: 'Let them in' }).click()
    await page.getByRole('button', { name: /in: 1 person gains/ }).click()
    await page.getByRole('button', { name: 'Take out ann' }).waitFor()
    const { members: stored, tags } = await admin.dataSources.get({ params: { id: dataSource } })
    assert.ok(tags.includes('Seasonal.Harvest'))
    assert.deepEqual(
      stored.map(({ subject, reason }) => ({ subject, reason })),
      [{ subject: { user: { id: ann, userid: 'ann' } }, reason: 'Audit of the harvest' }],
    )
  })

  const found = await addressesIn(admin)
  await t.test('every screen has something to show here, but those whose own journeys look at them', async () => {
    const missing = (await screens()).filter(screen => !found.has(screen))
    assert.deepEqual(missing, ['/runs/$id', '/exports/$id', '/exports/audit/$id'])
  })
  const addresses = [...found].filter(([screen]) => isLong || inShortRun.includes(screen))
  for (const [screen, address] of addresses) {
    await t.test(`${screen} fits everybody`, async t => {
      const page = await open(t, browser, here)
      if (!outside.includes(screen)) await holdingKey(page, admin.key)
      await page.goto(`/app${address}`)
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await settled(page)
        assert.deepEqual(await accessibilityViolations(page), [], `${screen}, ${colorScheme}`)
      }
      await page.setViewportSize({ width: 390, height: 844 })
      await settled(page)
      assert.equal(await sidewaysScroll(page), 0, `${screen} is wider than a phone`)
    })
  }
})
