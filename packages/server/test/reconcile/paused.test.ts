import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clearFault, reportFault } from '../../src/integrations/recurring-validation.ts'
import { assertAsEntitled } from './as-entitled.ts'
import { inAws, lake, person, quiet, register, until } from './reconcile-world.ts'

// Once tied to its replacement, which was not made either: the wide grant stayed for as long as the fault lasted.
test('while creations are paused, a grant goes that is to give way to a narrower one; that one comes later', async t => {
  const here = await lake(t)
  await here.start()
  const wide = await register(here, 's3://research-data/finance/*')
  const narrow = await register(here, 's3://research-data/finance/reports/*')
  const ann = await person(here, 'ann')
  const { dataSources } = here.server.admin
  const body = { level: 'READ' as const, reason: 'needed' }
  await dataSources.setMember({ params: { id: wide, userId: ann }, body })
  await until('the wide grant', () => inAws(here).length === 1)
  await quiet(here)

  const integration = Number(here.integration)
  const fault = { test: 'location', message: 'the role of the location was changed' }
  const faulty = await reportFault(here.server.world, integration, fault)
  assert.equal(faulty?.status, 'recurringValidationError')
  assert.equal(faulty?.status_message, fault.message)
  await dataSources.setMember({ params: { id: narrow, userId: ann }, body })
  await dataSources.removeMember({ params: { id: wide, userId: ann } })
  await until('the wide one is gone', () => inAws(here).length === 0)

  assert.equal((await clearFault(here.server.world, integration, 'location'))?.status, 'enabled')
  await until('the narrow one', () => inAws(here).join() === 'READ ann s3://research-data/finance/reports/*')
  await quiet(here)
  await assertAsEntitled(here)
})
