/** Whoever looks after data writes who decides and what is asked, makes a product, sees what publishing would do, publishes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inAws, lake, mapTo, person, quiet, register } from '../../packages/server/test/reconcile/reconcile-world.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, holdingKey, open } from './visit.ts'

test('looking after data products', async t => {
  await buildWebWhenStale()
  const here = await lake(t, { webFolder: webDir })
  const { admin } = here.server
  await register(here, 's3://research-data/finance/*')
  const browser = await startChromium(t)
  const page = await open(t, browser, here)
  await holdingKey(page, admin.key)

  await t.test('a review flow is designed, checked while it is written, stored, and tried', async () => {
    await page.goto('/app/review-flows')
    await page.getByRole('link', { name: 'New review flow' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Stewards first')
    await page.getByRole('button', { name: 'Text' }).click()
    await page.getByLabel('Rules, and what holds otherwise').fill('{"otherwise": ')
    await page.getByRole('button', { name: 'Designer' }).click()
    await page.getByText('The designer cannot show').waitFor()
    await page.getByRole('button', { name: 'Text' }).click()
    await page.getByLabel('Rules, and what holds otherwise').fill(governorsFirst)
    await page.getByRole('button', { name: 'Designer' }).click()
    await page.getByRole('button', { name: 'Add a stage after it' }).click()
    await page.getByText('does not say yet who decides').waitFor()
    await page.getByLabel('Stage 2: who decides, 1: name').fill('Stewards')
    await page.getByText('Odd').first().waitFor()
    const up = page.getByRole('button', { name: 'Move up: Stage 2' })
    await up.focus()
    await page.keyboard.press('Enter')
    // What was moved keeps the focus, on the way that is left.
    await page.locator('[aria-label="Move down: Stage 1: who decides"]:focus').waitFor()
    await page.getByRole('button', { name: 'Remove: Stage 2' }).click()
    await page.getByText('One approval is needed, by somebody in the group Stewards.').waitFor()
    await page.getByRole('button', { name: 'Add a rule for some requests' }).click()
    await page.getByRole('button', { name: 'Builder' }).click()
    await page.getByLabel('Condition 1: group 1').fill('All Users')
    await page.getByRole('button', { name: 'Add a condition', exact: true }).click()
    await page.getByLabel('Condition 2: what is asked').selectOption({ label: 'asks to' })
    await page.getByRole('group', { name: 'Rule 1', exact: true }).getByLabel('Approved at once').check()
    await fits(page, '/review-flows, new')
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByRole('heading', { name: 'Stewards first' }).waitFor()
    await page.getByText('One approval is needed, by somebody in the group Stewards.').waitFor()
    const stored = (await admin.reviewFlows.list({ query: { search: 'Stewards first' } })).items[0]
    assert.deepEqual(
      [stored?.rules, stored?.otherwise],
      [
        // biome-ignore lint/suspicious/noThenProperty: it is what the API calls it, and nobody awaits a rule
        [{ if: "@isInAnyGroup('All Users') AND @levelIs('READ')", then: { approve: { for: '30d' } } }],
        { review: { stages: [{ any: [{ group: 'Stewards' }] }] } },
      ],
    )
    await page.getByText('Try it: what would become').click()
    await page.getByLabel('To write, which includes delete').check()
    await page.getByLabel('Find a person').fill('a')
    await page.getByRole('button', { name: 'Try it for them' }).click()
    await page.getByText('Nobody can complete it').waitFor()
    await fits(page, '/review-flows, one')
  })

  await t.test(
    'a form is designed with its picture beside it, and an old version of it is taken up again',
    async () => {
      await page.goto('/app/request-forms?create=true')
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('For figures')
      await page.getByRole('button', { name: 'Add a question' }).click()
      await page.getByLabel('Question 2: what is asked').fill('Which years?')
      await page.getByLabel('Question 2: answered with').selectOption({ label: 'some of several choices' })
      await page.getByLabel('Question 2: choices').fill('2024\n2025\n')
      await page.getByRole('region', { name: 'As it will be seen' }).getByLabel('2025').check()
      await fits(page, '/request-forms, new')
      await page.getByRole('button', { name: 'Create it' }).click()
      await page.getByRole('heading', { name: 'For figures' }).waitFor()
      await page.getByRole('button', { name: 'Edit' }).click()
      await page.getByRole('button', { name: 'Remove: Question 1' }).click()
      await page.getByRole('button', { name: 'Save it as a new version' }).click()
      await page.getByRole('button', { name: 'Restore version 1' }).click()
      await page.getByRole('button', { name: 'Restore version 1', exact: true }).last().click()
      await page.getByRole('table', { name: 'Versions' }).getByText('3: Edited').waitFor()
      const form = (await admin.requestForms.list({ query: { search: 'For figures' } })).items[0]
      assert.deepEqual(
        [form?.version, form?.fields.map(({ id, type }) => [id, type])],
        [
          3,
          [
            ['purpose', 'longAnswer'],
            ['whichYears', 'checkboxes'],
          ],
        ],
      )
    },
  )

  await t.test('a product begins as a draft, and is published after a look at what that does', async () => {
    await page.goto('/app/data-products')
    await page.getByRole('link', { name: 'New data product' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Finance figures')
    await page.getByRole('textbox', { name: 'Description' }).fill('All **figures** since 2019.')
    await page.getByLabel('Find a data source').fill('finance')
    await page.getByRole('button', { name: 'Put it in' }).click()
    await page.getByRole('button', { name: /^Take out / }).waitFor()
    await page.getByLabel('Write, which includes delete').check()
    await page.getByLabel('Who decides').selectOption({ label: 'Stewards first' })
    await page.getByLabel('What is asked', { exact: true }).selectOption({ label: 'For figures' })
    await fits(page, '/data-products, new')
    await page.getByRole('button', { name: 'Create the draft' }).click()
    await page.getByRole('heading', { name: 'Finance figures' }).waitFor()
    await page.getByText('Draft', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('button', { name: 'Publish it: nobody gains or loses' }).click()
    await page.getByText('Published', { exact: true }).first().waitFor()
    const [product] = (await admin.dataProducts.list()).items
    assert.deepEqual([product?.state, product?.reviewFlow.name], ['published', 'Stewards first'])
    const asker = await here.server.as([], 'asker')
    const request = await asker.requests.askForProduct({
      params: { id: product?.id ?? '' },
      body: { duration: '30d', answers: { purpose: 'a report', whichYears: ['2025'] } },
    })
    const { state, form, flow } = await asker.requests.get({ params: { id: request.id } })
    assert.deepEqual([state, form.version, flow?.id], ['approved', 3, product?.reviewFlow.id])
    await fits(page, '/data-products/$id')
  })

  await t.test('who loses access soon asks for longer at home, by one press', async () => {
    const [product] = (await admin.dataProducts.list()).items
    const leaver = await here.server.as([], 'leaver')
    await leaver.requests.askForProduct({
      params: { id: product?.id ?? '' },
      body: { duration: '3d', answers: { purpose: 'a report', whichYears: ['2025'] } },
    })
    const home = await open(t, browser, here)
    await holdingKey(home, leaver.key)
    await home.goto('/app/')
    await home.getByText('Your access to Finance figures ends').waitFor()
    await fits(home, '/, with access that ends soon')
    const [answer] = await Promise.all([
      home.waitForResponse(one => one.url().endsWith('/extension')),
      home.getByRole('button', { name: 'Ask for longer: 3 days from now, for Finance figures' }).click(),
    ])
    assert.equal(answer.status(), 201)
    const asked = (await leaver.requests.list()).items
    assert.deepEqual(
      asked.map(({ extension, duration, state }) => [extension, duration, state]),
      [
        [true, '3d', 'approved'],
        [false, '3d', 'approved'],
      ],
    )
  })

  await t.test('an edit is previewed, and every version can be compared with the one before', async () => {
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('The longest that anybody is let in').fill('90d')
    await page.getByRole('button', { name: 'See what it would do' }).click()
    await page.getByRole('button', { name: /^Save it:/ }).click()
    await page.getByText('at most 90 days').waitFor()
    const edited = page.getByRole('table', { name: 'Versions' }).getByRole('row', { name: /Edited/ })
    await edited.getByRole('button', { name: /^What it changed/ }).click()
    await page.getByRole('row', { name: 'longest' }).getByText('90d').waitFor()
    await page.getByRole('button', { name: 'Suspend' }).click()
    await page.getByRole('button', { name: 'Suspend it' }).click()
    await page.getByText('Takes no requests now').waitFor()
    assert.equal((await admin.dataProducts.list()).items[0]?.state, 'suspended')
    await page.setViewportSize({ width: 390, height: 844 })
    await page.emulateMedia({ colorScheme: 'dark' })
    await fits(page, '/data-products/$id, narrow and dark')
  })

  await t.test('tags go on many data sources at once, and what that would do is shown before', async () => {
    await page.setViewportSize({ width: 1280, height: 900 })
    await admin.tags.create({ body: { name: 'Shared' } })
    await page.goto('/app/data-sources/tags')
    await page.getByLabel(/^All \d+ data source/).check()
    await page.getByLabel('Put on').selectOption('Shared')
    await page.getByText('Now: nobody gains or loses').waitFor()
    await page.getByRole('button', { name: 'Show what it would do' }).click()
    await page.getByRole('button', { name: 'Put 1 tag on 1 data source: nobody gains or loses' }).click()
    await page.getByText('Done: 1 tag put on').waitFor()
    assert.ok((await admin.dataSources.list()).items[0]?.tags.includes('Shared'))
  })

  await t.test('a data source of which a policy opens requests is asked for where it is found', async () => {
    await admin.policies.create({
      body: {
        ...{ name: 'On request', kind: 'grant', level: 'WRITE', state: 'active', discoverable: true },
        appliesTo: { everything: true },
        who: { onRequest: { review: { stages: [{ any: [{ permission: 'GOVERNANCE' }] }] } } },
      },
    })
    await here.start()
    const consumer = await here.server.as([], 'consumer')
    await mapTo(here, consumer.id, 'headgate-controller')
    const theirs = await open(t, browser, here)
    await holdingKey(theirs, consumer.key)
    const { id } = (await admin.dataSources.list()).items[0]!
    await theirs.goto(`/app/find/${id}`)
    const ask = theirs.getByRole('region', { name: 'Ask for access' })
    await ask.getByRole('textbox').first().fill('to write a report')
    await ask.getByRole('button', { name: 'Ask for access' }).click()
    await theirs.getByText('Waits for a decision').first().waitFor()
    const [request] = (await consumer.requests.list()).items
    assert.deepEqual([request?.dataSource?.id, request?.level, request?.state], [id, 'WRITE', 'pending'])
    // Whoever wrote the policy has no part in what it opens.
    const governor = await open(t, browser, here)
    await holdingKey(governor, (await here.server.as(['GOVERNANCE'], 'governor')).key)
    await governor.goto(`/app/requests/${request?.id}`)
    await governor.getByRole('button', { name: 'Approve', exact: true }).click()
    await governor.getByRole('table', { name: 'Decisions' }).getByText('Approved').waitFor()
    await quiet(here)
    assert.deepEqual(inAws(here), ['READWRITE headgate-controller s3://research-data/finance/*'])
  })

  await t.test('a domain takes in other tags, and goes, after a look at what that does', async () => {
    await admin.domains.create({ body: { name: 'Lab' } })
    await admin.policies.create({
      body: {
        ...{ name: 'The lab reads', kind: 'grant', level: 'READ', state: 'active' },
        appliesTo: { any: [{ domain: 'Lab' }] },
        who: { when: "@isUser('chemist')" },
      },
    })
    await person(here, 'chemist')
    await page.goto('/app/domains/Lab')
    await page.getByLabel('Tags, with commas between them').fill('Shared')
    await page.getByRole('button', { name: 'See what it would do' }).click()
    await fits(page, '/domains/$name, what other tags would do')
    await page.getByRole('button', { name: 'Save the tags: 1 person gains' }).click()
    await page.getByText('by its tags').waitFor()
    await quiet(here)
    assert.ok(inAws(here).includes('READ chemist s3://research-data/finance/*'))
    await page.getByRole('button', { name: 'Delete the domain' }).click()
    await page.getByRole('alert').getByText('The lab reads').waitFor()
    assert.deepEqual((await admin.domains.get({ params: { name: 'Lab' } })).tags, ['Shared'])
  })

  await t.test(
    'keys are told by one of them, lead to screens, stay out of fields, and can be switched off',
    async () => {
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.keyboard.press('?')
      const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
      await help.getByText('Go to policies').waitFor()
      await fits(page, 'keyboard shortcuts')
      await page.keyboard.press('Escape')
      await page.keyboard.press('g')
      await page.keyboard.press('p')
      await page.getByRole('heading', { name: 'Policies', level: 1 }).waitFor()
      await page.keyboard.press('/')
      const field = page.getByRole('searchbox').first()
      await page.locator('input[type="search"]:focus').waitFor()
      await page.keyboard.type('gd?')
      assert.equal(await field.inputValue(), 'gd?')
      await page.getByRole('button', { name: 'Keyboard shortcuts' }).click()
      await help.getByLabel('a letter or a sign alone').uncheck()
      await help.getByRole('button', { name: 'Close' }).click()
      await page.keyboard.press('?')
      assert.equal(await help.isVisible(), false)
    },
  )
})

const governorsFirst = '{"otherwise": {"review": {"stages": [{"any": [{"permission": "GOVERNANCE"}]}]}}}'
