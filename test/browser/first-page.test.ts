/** The first page, used as a governor uses it: from signing in to seeing an access go while looking at it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Lake, lake, person, quiet, register } from '../../packages/server/test/reconcile/reconcile-world.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { accessibilityViolations, startChromium } from './chromium.ts'
import { fits, open, signedIn, signIn } from './visit.ts'

const finance = 's3://research-data/finance/*'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)

test('the web app', { concurrency: 2 }, async t => {
  await buildWebWhenStale()
  const here = await lake(t, { webFolder: webDir })
  const { admin } = here.server
  await here.start()
  const source = await register(here, finance)
  const ann = await person(here, 'ann')
  const bob = await person(here, 'bob')
  const team = { id: ann, key: 'team', value: 'finance' }
  await admin.users.addAttribute({ params: team })
  await letIn(here)
  await quiet(here)
  const browser = await startChromium(t)

  await t.test('a wrong key is refused in words, the right one opens the home screen', async t => {
    const page = await open(t, browser, here)
    await page.goto('/app/')
    await page.getByRole('button', { name: 'Use an API key instead' }).click()
    await page.getByLabel('API key', { exact: true }).fill('not-a-key')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').getByText('This key does not work').waitFor()
    await page.getByLabel('API key', { exact: true }).fill(admin.key)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
    await page.getByRole('table', { name: 'Integrations' }).getByText('Enabled').waitFor()
  })

  await t.test('an address inside the app survives signing in and a reload', async t => {
    const page = await open(t, browser, here)
    await page.goto(`/app/data-sources/${source}?search=ann`)
    await signIn(page, admin.key)
    await page.getByRole('heading', { name: finance, level: 1 }).waitFor()
    await page.reload()
    await page.getByRole('row', { name: 'ann' }).waitFor()
    assert.equal(new URL(page.url()).search, '?search=ann')
  })

  await t.test('who has access, why, and the loss of it, without a reload', async t => {
    const page = await signedIn(t, browser, here, admin.key)
    await page.getByRole('link', { name: 'Data sources', exact: true }).click()
    await page.getByRole('link', { name: finance }).click()
    const audience = page.getByRole('table', { name: 'Who has access, and why' })
    const row = audience.getByRole('row').filter({ has: page.getByRole('rowheader', { name: 'ann' }) })
    await row.getByText('Policy Finance reads its own: read').waitFor()
    await row.getByText('Active').waitFor()
    assert.equal(await audience.getByRole('rowheader').count(), 1, 'bob is not let in')

    await page.evaluate('window.neverReloaded = true')
    await admin.users.removeAttribute({ params: team })
    await page.getByText('Nobody has access').waitFor()
    await page.getByRole('link', { name: 'Revoked 1' }).click()
    await page.getByRole('table', { name: 'Grants' }).getByText('credentials vended before end by').waitFor()

    await page.getByLabel('State').selectOption({ label: 'Live: all but gone ones' })
    await page.getByText('No grant').waitFor()
    await admin.users.addAttribute({ params: team })
    await page.getByRole('table', { name: 'Grants' }).getByText('Active').waitFor()
    assert.ok(await page.evaluate<boolean>('window.neverReloaded === true'), 'the page was reloaded')
  })

  await t.test('a person without permissions begins with what is theirs and is told what they may not see', async t => {
    const carla = await here.server.as([], 'carla')
    const page = await signedIn(t, browser, here, carla.key)
    await page.getByRole('heading', { name: 'Home', level: 1 }).waitFor()
    await page.getByText('Nothing: what you asked for is decided').waitFor()
    await fits(page, '/ of somebody without permissions')
    await page.getByRole('link', { name: 'You reach no data yet' }).click()
    await page.getByRole('heading', { name: 'My access', level: 1 }).waitFor()
    await page.getByText('You reach no data yet').waitFor()
    assert.equal(await page.getByRole('link', { name: 'Policies' }).count(), 0)
    await page.goto('/app/policies')
    await page.getByText('No policy that you may see').waitFor()
    await page.goto(`/app/data-sources/${source}`)
    await page.getByRole('alert').getByText(`There is no such thing as data source ${source}`).waitFor()
    await page.getByRole('alert').getByText('Request').waitFor()
  })

  await t.test('a key that is revoked meanwhile leads back to signing in', async t => {
    const { id, key } = await admin.apiKeys.create({ body: { name: 'short-lived' } })
    const page = await signedIn(t, browser, here, key)
    await admin.apiKeys.revoke({ params: { id } })
    await page.getByRole('button', { name: 'Use an API key instead' }).waitFor()
  })

  // It waits for most of its time: beside the next.
  const unanswered = t.test('a server that does not answer is said, and what was shown stays', async t => {
    const page = await signedIn(t, browser, here, admin.key)
    await page.getByText('Live', { exact: true }).waitFor()
    await page.route('**/grants?**', route => route.abort())
    await page.getByText('Not live').waitFor()
    await page.getByRole('heading', { name: 'Grants by state' }).waitFor()
    await page.unroute('**/grants?**')
    await page.getByText('Live', { exact: true }).waitFor()
  })

  await t.test('an integration is renamed with a version that still holds, and shows what AWS must have', async t => {
    const page = await signedIn(t, browser, here, admin.key)
    await page.goto(`/app/integrations/${here.integration}`)
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Renamed')
    await page.getByRole('button', { name: 'Show what AWS must have' }).click()
    await page.getByText('Trust policy of the location role').click()
    await page.locator('details[open]').getByText('sts:SetSourceIdentity').waitFor()
    assert.deepEqual(await accessibilityViolations(page), [])
    await page.getByRole('button', { name: 'Validate and save' }).click()
    await page.getByRole('heading', { name: 'Renamed', level: 1 }).waitFor()
    await page.getByText('Enabled', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Location role' }).fill('not-a-role')
    await page.getByRole('button', { name: 'Validate and save' }).click()
    await page.getByRole('alert').getByText('is not the ARN of an IAM role').waitFor()
    await page.getByRole('textbox', { name: 'Location role' }).fill(here.account.locationRole)
    await page.getByLabel('Name', { exact: true }).fill('S3 integration')
    await page.getByRole('button', { name: 'Validate and save' }).click()
    await page.getByRole('heading', { name: 'S3 integration', level: 1 }).waitFor()
  })

  await unanswered

  await t.test(
    'data sources are picked from AWS and pasted; a bad line is named, and nothing was registered',
    async t => {
      const page = await signedIn(t, browser, here, admin.key)
      await page.getByRole('link', { name: 'Data sources', exact: true }).click()
      await page.getByRole('link', { name: 'Register more' }).click()
      await page.getByRole('button', { name: 'Pick public/' }).click()
      const list = page.getByLabel('One a line')
      assert.equal(await list.inputValue(), '/public/*\n')
      await list.fill('/public/*, Public\n\n/finance/deep/*, Deep\n')
      await page.getByRole('button', { name: 'Register 2 data sources' }).click()
      await page.getByRole('alert').getByText('Line 3').waitFor()
      assert.equal((await admin.dataSources.list()).total, 1)
      await page.getByLabel('Allow overlaps').check()
      await page.getByRole('button', { name: 'Register 2 data sources' }).click()
      await page.getByText('2 data sources registered').waitFor()
      await page.getByText('As Public').waitFor()
      assert.deepEqual(await accessibilityViolations(page), [])
      await page.getByRole('link', { name: 'Show them' }).click()
      await page.getByRole('link', { name: 'Deep' }).click()
      await page.getByRole('button', { name: 'Look now' }).click()
      await page.getByText('Path missing').waitFor()
      await page.goto('/app/data-sources?health=path-missing&mine=owner')
      await page.getByRole('link', { name: 'Deep' }).waitFor()
      assert.equal(await page.getByRole('link', { name: 'Public', exact: true }).count(), 0)
    },
  )

  await t.test('a policy is stored as its preview shows, and not when somebody else would gain meanwhile', async t => {
    const cleo = await here.server.as([], 'cleo')
    const marketing = { key: 'team', value: 'marketing' }
    await admin.users.addAttribute({ params: { id: bob, ...marketing } })
    const page = await signedIn(t, browser, here, admin.key)
    await page.goto('/app/policies/new')
    await page.getByLabel('Name').fill('Marketing reads')
    await page.getByLabel('Applies to').selectOption({ label: 'Everything in its reach' })
    await page.getByLabel('Who is let in').fill("@hasAttribute('team', 'marketing')")
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    await page.getByRole('table', { name: 'Who gains and loses' }).getByText('Gains read').first().waitFor()
    await admin.users.addAttribute({ params: { id: cleo.id, ...marketing } })
    await page.getByRole('button', { name: 'Apply it: 1 person gains' }).click()
    await page.getByRole('alert').getByText('Nothing was stored.').waitFor()
    const again = page.getByRole('button', { name: 'Apply it: 2 people gain' })
    await again.waitFor()
    assert.equal((await admin.policies.list({ query: { search: 'Marketing' } })).total, 0)
    assert.deepEqual(await accessibilityViolations(page), [])
    await again.click()
    await page.getByRole('heading', { name: 'Marketing reads', level: 1 }).waitFor()
    await quiet(here)

    await page.getByRole('button', { name: 'Edit', exact: true }).click()
    await page.getByRole('textbox', { name: 'Who is let in' }).fill("@hasAttribute('left', null)")
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    await page.getByRole('alert').waitFor()
    await page.getByRole('button', { name: 'Leave it' }).click()

    await page.getByRole('button', { name: 'Stage', exact: true }).click()
    await page.getByRole('button', { name: /^Stage it: 2 people lose, revokes \d grants?$/ }).click()
    await page.getByText('Staged', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete it: nobody gains or loses' }).click()
    await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()
    await quiet(here)
  })

  await t.test('a policy that lets in people of whom nothing is known is asked about once more', async t => {
    const page = await signedIn(t, browser, here, admin.key)
    await page.goto('/app/policies/new')
    await page.getByLabel('Name').fill('All but finance')
    await page.getByLabel('Who is let in').fill("NOT @hasAttribute('team', 'finance')")
    await page.getByLabel('Tag').fill('Nothing')
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    const apply = page.getByRole('button', { name: 'Apply it: nobody gains or loses' })
    await apply.click()
    await page.getByLabel('That is what I mean').check()
    await apply.click()
    await page.getByRole('heading', { name: 'All but finance', level: 1 }).waitFor()
    await page.getByText('Active', { exact: true }).waitFor()
  })

  await t.test('what the mode and the brake hold is said on every page, and released from its run', async t => {
    const params = { id: here.integration }
    const page = await signedIn(t, browser, here, admin.key)
    await page.goto('/app/find')
    await page.getByRole('heading', { name: 'Find data', level: 1 }).waitFor()
    const banner = page.getByRole('region', { name: 'What is held back' })
    assert.equal(await banner.count(), 0)
    await admin.restraint.setMode({ params, body: { mode: 'add' } })
    await banner.getByText('no access is taken away').waitFor()
    await admin.users.removeAttribute({ params: team })
    await banner.getByText(/\d revocations? held/).waitFor()
    assert.deepEqual(await accessibilityViolations(page), [])
    await page.goto(`/app/access?person=${ann}&dataSource=${source}`)
    await page.getByText('No access', { exact: true }).first().waitFor()
    await page.getByText('Held', { exact: true }).waitFor()

    await admin.restraint.setBrake({ params, body: { revocations: 0, percent: 0 } })
    await admin.restraint.setMode({ params, body: { mode: 'enforce' } })
    await banner.getByText('the brake holds').waitFor()
    await banner.getByRole('link', { name: 'Look at run' }).click()
    await page.getByRole('button', { name: 'Release' }).click()
    assert.deepEqual(await accessibilityViolations(page), [])
    await page.getByRole('button', { name: /^Revoke \d grants?$/ }).click()
    await banner.waitFor({ state: 'detached' })
    await page.goto(`/app/data-sources/${source}`)
    await page
      .getByRole('table', { name: 'Lately revoked' })
      .getByText(/in \d+ minutes|in 1 hour/)
      .first()
      .waitFor()
    await admin.users.addAttribute({ params: team })
    await quiet(here)
  })

  await t.test('everything is reached by keyboard', async t => {
    const page = await signedIn(t, browser, here, admin.key)
    // While it loads there is nothing yet to move the focus to.
    await page.locator('main a').first().waitFor()
    await page.keyboard.press('Tab')
    assert.equal(await page.locator(':focus').textContent(), 'Skip to content')
    await page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
    assert.equal(await page.locator('main :focus').count(), 1)
    await page.getByRole('link', { name: 'Policies', exact: true }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()
    await page.getByLabel('Search by name').fill('reads its')
    // Until the list is another, a row of the one before may still take the key.
    await page.waitForURL(/search=reads/)
    await page.getByRole('table', { name: 'Policies' }).getByRole('row').nth(2).waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'Finance reads its own' }).press('Enter')
    await page.getByText("@hasAttribute('team', 'finance')").waitFor()
  })

  const everyScreen = (
    [
      // Colours and widths do not bear on each other: two of the four say it all.
      ['light', 1280],
      ['dark', 360],
    ] as const
  ).map(([scheme, width], turn) =>
    t.test(
      `${isLong ? 'every' : 'every other'} screen is accessible and fits, ${scheme}, ${width} pixels wide`,
      async t => {
        const page = await open(t, browser, here, { colorScheme: scheme, viewport: { width, height: 800 } })
        await page.goto('/app/sign-in')
        await page.getByRole('heading', { name: 'Headgate', level: 1 }).waitFor()
        await fits(page, 'Headgate')
        await signIn(page, admin.key)
        const [policy] = (await admin.policies.list({ query: { search: 'Finance reads' } })).items
        const provider = await admin.identityProviders.create({ body: { name: `okta ${width}` } })
        await admin.scimSettings.replace({ params: { id: provider.id }, body: {} })
        const [run] = (await admin.runs.list()).items
        const [everyone] = (await admin.groups.list()).items
        const screens: readonly [path: string, heading: string][] = [
          ['/', 'Home'],
          ['/integrations', 'Integrations'],
          [`/integrations/${here.integration}`, 'S3 integration'],
          ['/data-sources', 'Data sources'],
          ['/data-sources/register', 'Register data sources'],
          [`/data-sources/${source}`, finance],
          ['/policies', 'Policies'],
          [`/policies/${policy?.id}`, 'Finance reads its own'],
          ['/policies/new', 'New policy'],
          ['/domains', 'Domains'],
          ['/domains/emea', 'emea'],
          ['/find', 'Find data'],
          [`/find/${source}`, finance],
          ['/people', 'People'],
          ['/people/new', 'Add a person'],
          ['/people/files', 'People as files'],
          ['/people/advice', 'Principal advice'],
          ['/groups', 'Groups'],
          ['/settings', 'Settings'],
          ['/settings/e-mail', 'E-mail'],
          ['/webhooks', 'Webhooks'],
          ['/inbox', 'Inbox'],
          ['/identity-providers', 'Identity providers'],
          [`/identity-providers/${provider.id}`, provider.name],
          [`/people/${ann}`, 'ann'],
          [`/people/${admin.id}`, 'My access'],
          [`/groups/${everyone?.id}`, everyone?.name ?? ''],
          [`/access?person=${ann}&dataSource=${source}`, 'Access'],
          ['/account', 'My account'],
          ['/runs', 'Runs'],
          [`/runs/${run?.id}`, `Run ${run?.id}`],
          ['/grants', 'Grants'],
          ['/audit', 'Audit'],
          ['/integrations/999', ''],
          ['/nowhere', 'There is nothing here'],
        ]
        // Journeys look at most of them as well: here each is seen in one of the two ways, and in both in the long run.
        for (const [n, [path, heading]] of screens.entries()) {
          if (!isLong && n % 2 !== turn) continue
          await page.goto(`/app${path}`)
          if (heading === '') await page.getByRole('alert').waitFor()
          else await page.getByRole('heading', { name: heading, level: 1, exact: true }).waitFor()
          await fits(page, path)
        }
        assert.equal(await page.locator('html').getAttribute('data-mantine-color-scheme'), scheme)
      },
    ),
  )
  await Promise.all(everyScreen)
})

async function letIn({ server }: Lake): Promise<void> {
  await server.admin.domains.create({ body: { name: 'emea', description: 'Europe and beyond' } })
  await server.admin.policies.create({
    body: {
      name: 'Finance reads its own',
      kind: 'grant',
      level: 'READ',
      appliesTo: { everything: true },
      who: { when: "@hasAttribute('team', 'finance')" },
      state: 'active',
    },
  })
}
