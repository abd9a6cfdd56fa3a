/**
 * How a data source ends and comes back: disabled, restored, deleted.
 *
 * A deleted one stays as a row without tags and members, so that history keeps its name.
 */
import { printScope } from '@headgate/core'
import type { Act } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { removeAllMembers } from './member.ts'

/** Says so as fact and audit event; nothing where it is in that state already. The row must be locked. */
export async function setDataSourceState(act: Act, row: DataSourceRow, state: 'active' | 'disabled'): Promise<void> {
  if (row.state === state) return
  await act.tx.updateTable('data_source').set({ state }).where('id', '=', row.id).execute()
  const { id, name, integration_id: integration } = row
  const disabled = state === 'disabled'
  const cause = disabled ? 'data-source-disabled' : 'data-source-restored'
  act.changed('dataSource', id, { id, name, integration, scope: printScope(row), disabled }, cause)
  act.audit({
    action: 'UPDATE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(row)],
    payload: {
      type: disabled ? 'DataSourceDisabled' : 'DataSourceRestored',
      before: { state: row.state },
      after: { state },
    },
  })
}

/** For good: its tags and members go with it. The row must be locked. */
export async function deleteDataSource(act: Act, row: DataSourceRow): Promise<void> {
  const cause = 'data-source-deleted'
  const tags = await act.tx
    .deleteFrom('data_source_tag')
    .where('data_source_id', '=', row.id)
    .returning('tag')
    .execute()
  for (const { tag } of tags) act.changed('dataSourceTag', `${row.id}/${tag}`, null, cause)
  const members = await removeAllMembers(act, row.id, cause)
  await act.tx.updateTable('data_source').set({ state: 'deleted' }).where('id', '=', row.id).execute()
  act.changed('dataSource', row.id, null, cause)
  act.audit({
    action: 'DELETE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(row)],
    payload: {
      type: 'DataSourceDeleted',
      before: { state: row.state, scope: printScope(row), tags: tags.map(({ tag }) => tag), members },
    },
  })
}
