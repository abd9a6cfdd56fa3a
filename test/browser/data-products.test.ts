/** Whoever looks after data makes a product of it, sees what publishing would do, publishes it, and writes who decides. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lake, register } from '../../packages/server/test/reconcile/reconcile-world.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, holdingKey, open } from './visit.ts'

test('looking after data products', async t => {
  await buildWebWhenStale()
  const here = await lake(t, { webFolder: webDir })
  const { admin } = here.server
  await register(here, 's3://research-data/finance/*')
  const page = await open(t, await startChromium(t), here)
  await holdingKey(page, admin.key)

  await t.test('a review flow is checked before it is stored, and tried after', async () => {
    await page.goto('/app/review-flows')
    await page.getByRole('link', { name: 'New review flow' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Stewards first')
    const text = page.getByLabel('Rules, and what holds otherwise')
    await text.fill('{"otherwise": ')
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('This is not JSON').waitFor()
    await text.fill('{"otherwise": {"review": {"stages": [{"any": [{"group": "Stewards"}]}]}}}')
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('Odd').first().waitFor()
    await fits(page, '/review-flows, new')
    await page.getByRole('button', { name: 'Create it' }).click()
    await page.getByRole('heading', { name: 'Stewards first' }).waitFor()
    await page.getByText('one of: the group Stewards').waitFor()
    await page.getByText('Try it: what would become').click()
    await page.getByLabel('Find a person').fill('a')
    await page.getByRole('button', { name: 'Try it for them' }).click()
    await page.getByText('Nobody can complete it').waitFor()
    await fits(page, '/review-flows, one')
  })

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
    await fits(page, '/data-products, new')
    await page.getByRole('button', { name: 'Create the draft' }).click()
    await page.getByRole('heading', { name: 'Finance figures' }).waitFor()
    await page.getByText('Draft', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Publish' }).click()
    await page.getByRole('button', { name: 'Publish it: nobody gains or loses' }).click()
    await page.getByText('Published', { exact: true }).first().waitFor()
    const [product] = (await admin.dataProducts.list()).items
    assert.deepEqual([product?.state, product?.reviewFlow.name], ['published', 'Stewards first'])
    await fits(page, '/data-products/$id')
  })

  await t.test('an edit is previewed, and every version can be compared with the one before', async () => {
    await page.getByRole('button', { name: 'Edit' }).click()
    await page.getByLabel('The longest that anybody is let in').fill('90d')
    await page.getByRole('button', { name: 'See what it would do' }).click()
    await page.getByRole('button', { name: /^Save it:/ }).click()
    await page.getByText('at most 90d').waitFor()
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
})
