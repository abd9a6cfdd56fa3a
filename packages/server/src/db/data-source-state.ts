/**
 * How a data source is renamed, ends and comes back: disabled, restored, deleted.
 *
 * A deleted one stays as a row without tags and members, so that history keeps its name.
 */
import { printScope } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Act } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { leaveAllDomains } from './domain.ts'
import { removeAllMembers } from './member.ts'
import { deletePoliciesOf } from './policy.ts'
import { removeSelections } from './policy-selection.ts'
import { removeAllSubscriptions } from './subscription.ts'
import { untagEverywhere } from './tagged-source.ts'

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

export interface DataSourceTexts {
  readonly name?: string | undefined
  readonly description?: string | undefined
}

/** The row as it is now. The row must be locked. Throws Problem `data-source-name-taken`. */
export async function describeAnew(act: Act, row: DataSourceRow, change: DataSourceTexts): Promise<DataSourceRow> {
  const { name = row.name, description = row.description } = change
  if (name === row.name && description === row.description) return row
  try {
    await act.tx.updateTable('data_source').set({ name, description }).where('id', '=', row.id).execute()
  } catch (error) {
    if ((error as { code?: unknown }).code !== uniqueViolation) throw error
    throw new Problem('data-source-name-taken', { name }, { cause: error })
  }
  if (name !== row.name) {
    const { id, integration_id: integration } = row
    const disabled = row.state !== 'active'
    act.changed('dataSource', id, { id, name, integration, scope: printScope(row), disabled }, 'data-source-renamed')
  }
  act.audit({
    action: 'UPDATE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(row)],
    payload: {
      type: 'DataSourceUpdated',
      before: { name: row.name, description: row.description },
      after: { name, description },
    },
  })
  return { ...row, name, description }
}

const uniqueViolation = '23505'

/** For good: its tags, members, subscriptions and own policies go with it. The row must be locked. */
export async function deleteDataSource(act: Act, row: DataSourceRow): Promise<void> {
  const cause = 'data-source-deleted'
  const tags = await act.tx
    .deleteFrom('data_source_tag')
    .where('data_source_id', '=', row.id)
    .returning('tag')
    .execute()
  for (const { tag } of tags) act.changed('dataSourceTag', `${row.id}/${tag}`, null, cause)
  const members = await removeAllMembers(act, row.id, cause)
  const products = await untagEverywhere(act, row.id, cause)
  const subscriptions = await removeAllSubscriptions(act, { dataSource: row.id }, cause)
  await removeSelections(act, { dataSource: row.id }, cause)
  const domains = await leaveAllDomains(act, row.id, cause)
  const policies = await deletePoliciesOf(act, row.id)
  await act.tx.updateTable('data_source').set({ state: 'deleted' }).where('id', '=', row.id).execute()
  act.changed('dataSource', row.id, null, cause)
  act.audit({
    action: 'DELETE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(row)],
    payload: {
      type: 'DataSourceDeleted',
      before: {
        state: row.state,
        scope: printScope(row),
        tags: tags.map(({ tag }) => tag),
        domains,
        members,
        products,
        subscriptions,
        policies,
      },
    },
  })
}
