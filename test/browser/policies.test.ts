/** A governor who writes a policy with what the editor offers, sees what it would do, and finds the grant in AWS. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inAws, lake, person, quiet, register } from '../../packages/server/test/reconcile/reconcile-world.ts'
import { buildWebWhenStale, webDir } from '../../scripts/build-web.ts'
import { startChromium } from './chromium.ts'
import { fits, signedIn } from './visit.ts'

test('a policy is written with completion, held against its preview, stored, and taken back to an older version', async t => {
  await buildWebWhenStale()
  const here = await lake(t, { webFolder: webDir })
  const { admin } = here.server
  await here.start()
  await register(here, 's3://research-data/finance/*')
  const ann = await person(here, 'ann')
  const bob = await person(here, 'bob')
  const french = { key: 'country', value: 'FR' }
  await admin.users.addAttribute({ params: { id: ann, ...french } })
  const { id: group } = await admin.groups.create({ body: { name: 'Analysts' } })
  await admin.groups.addMember({ params: { id: group, userId: ann } })
  const page = await signedIn(t, await startChromium(t), here, admin.key)

  await page.goto('/app/policies/new')
  await page.getByLabel('Name').fill('The French read')
  await page.getByLabel('Applies to').selectOption('everything')
  await page.getByText('Takes in 1 data source.').waitFor()
  const editor = page.getByRole('textbox', { name: 'Who is let in' })
  await editor.focus()
  await page.keyboard.type('@hasAt')
  const pick = async (name: string) => {
    await page.getByRole('listbox').getByRole('option', { name }).waitFor()
    // An offer that has only just come up takes no key: it may not have been meant.
    await page.waitForTimeout(150)
    await page.keyboard.press('Enter')
  }
  await pick('@hasAttribute')
  await pick('country')
  await pick('FR')
  assert.equal(await editor.textContent(), "@hasAttribute('country', 'FR')")
  const live = page.getByRole('region', { name: 'If it were applied now' })
  await live.getByText('Now: 1 person gains').waitFor()
  await page.keyboard.press('End')
  await page.keyboard.type(" AND @isInGruops('Analysts')")
  await page.getByText('did you mean').first().waitFor()
  await fits(page, '/policies/new')
  await editor.fill("@hasAttribute('country', 'FR') AND @isInGroups('Analyst')")
  await page.getByText('Look at this').waitFor()

  await page.getByRole('button', { name: 'Builder' }).click()
  await page.getByLabel('Condition 2: group 1').fill('Analysts')
  await page.getByText("@hasAttribute('country', 'FR') AND @isInGroups('Analysts')", { exact: true }).waitFor()
  await live.getByText('Now: 1 person gains').waitFor()
  await fits(page, '/policies/new, the builder')
  await page.getByRole('button', { name: 'Show what it would do' }).click()
  const apply = page.getByRole('button', { name: 'Apply it: 1 person gains' })
  await apply.waitFor()
  await admin.users.addAttribute({ params: { id: bob, ...french } })
  await admin.groups.addMember({ params: { id: group, userId: bob } })
  await apply.click()
  await page.getByRole('alert').getByText('bob').waitFor()
  assert.equal((await admin.policies.list({ query: { search: 'French' } })).total, 0)
  await page.getByRole('button', { name: 'Apply it: 2 people gain' }).click()
  await page.getByRole('heading', { name: 'The French read', level: 1 }).waitFor()
  await quiet(here)
  assert.equal(inAws(here).length, 2)

  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  await page.getByRole('textbox', { name: 'Who is let in' }).fill("@isUser('ann')")
  const saved = page.getByRole('region', { name: 'If it were saved now' })
  await saved.getByText('1 person loses').waitFor()
  await page.getByRole('button', { name: 'Show what it would do' }).click()
  await page.getByRole('button', { name: 'Save it: 1 person loses, revokes 1 grant' }).click()
  await page.getByRole('table', { name: 'Versions' }).getByText('Edited').waitFor()
  await page.locator('ins').getByText('ann').waitFor()
  await fits(page, '/policies/1')
  await page.getByRole('button', { name: 'Restore version 1' }).click()
  await page.getByRole('button', { name: 'Restore version 1: 1 person gains' }).click()
  await page.getByText('Restored from version 1').waitFor()
  await quiet(here)
  assert.equal(inAws(here).length, 2)

  await page.goto('/app/policies?kind=guardrail')
  await page.getByText('No policy matches').waitFor()
  await page.getByLabel('Kind').selectOption('grant')
  await page.getByRole('link', { name: 'The French read' }).waitFor()
  await fits(page, '/policies')
})
