/** Brings a disabled data source back as it was: policies, tags and members have stayed, and so has its scope. */
import type { EntitlementIndex } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { lockForChange } from '../access/visibility.ts'
import type { Act } from '../db/act.ts'
import { type DataSourceRow, findDataSource } from '../db/data-source.ts'
import { setDataSourceState } from '../db/data-source-state.ts'
import { isServing, lockIntegration } from '../db/integration.ts'
import type { Caller } from '../http/serve.ts'

/**
 * Nothing happens where it is active already.
 * @throws Problem `data-source-not-found`, `integration-not-usable`
 */
export async function restoreDataSource(
  done: Act,
  index: EntitlementIndex,
  caller: Caller,
  id: number,
): Promise<DataSourceRow> {
  const found = await findDataSource(done.tx, id)
  if (!found) throw new Problem('data-source-not-found', { id })
  // Before the data source, as whoever ends an integration does: so neither waits for the other in a circle.
  const integration = await lockIntegration(done.tx, found.integration_id)
  const row = await lockForChange(done.tx, index, caller, id)
  if (row.state === 'active') return row
  if (!integration || !isServing(integration)) {
    throw new Problem('integration-not-usable', { id: found.integration_id, status: integration?.status ?? 'deleted' })
  }
  await setDataSourceState(done, row, 'active')
  return { ...row, state: 'active' }
}
