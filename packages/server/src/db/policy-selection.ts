/** Which policies data owners picked for their data sources. A pick stays while its policy is staged or archived. */
import type { Act } from './act.ts'
import { type DataSourceRow, dataSourceTarget } from './data-source.ts'
import { type PolicyRow, policyTarget } from './policy.ts'

/** Nothing where it is picked already. The data source must be locked. */
export async function selectPolicy(act: Act, policy: PolicyRow, on: DataSourceRow): Promise<void> {
  const added = await act.tx
    .insertInto('policy_selection')
    .values({ policy_id: policy.id, data_source_id: on.id, selected_by: act.actor.id as number })
    .onConflict(conflict => conflict.doNothing())
    .returning('policy_id')
    .executeTakeFirst()
  if (!added) return
  const fact = { policy: policy.id, dataSource: on.id }
  act.changed('selection', `${on.id}/${policy.id}`, fact, 'policy-selected')
  say(act, 'PolicySelected', policy, on)
}

/** Nothing where it is not picked. The data source must be locked. */
export async function deselectPolicy(act: Act, policy: PolicyRow, on: DataSourceRow): Promise<void> {
  const removed = await act.tx
    .deleteFrom('policy_selection')
    .where('policy_id', '=', policy.id)
    .where('data_source_id', '=', on.id)
    .returning('policy_id')
    .executeTakeFirst()
  if (!removed) return
  act.changed('selection', `${on.id}/${policy.id}`, null, 'policy-deselected')
  say(act, 'PolicyDeselected', policy, on)
}

/** Of a data source or a policy that goes for good. */
export async function removeSelections(
  { tx, changed }: Act,
  of: { readonly policy: number } | { readonly dataSource: number },
  cause: string,
): Promise<void> {
  const all = tx.deleteFrom('policy_selection')
  const ofIt = 'policy' in of ? all.where('policy_id', '=', of.policy) : all.where('data_source_id', '=', of.dataSource)
  const rows = await ofIt.returning(['policy_id', 'data_source_id']).execute()
  for (const row of rows) changed('selection', `${row.data_source_id}/${row.policy_id}`, null, cause)
}

function say({ audit }: Act, type: string, policy: PolicyRow, on: DataSourceRow): void {
  audit({
    action: 'UPDATE',
    targetType: 'DATASOURCE',
    targets: [dataSourceTarget(on)],
    relatedResources: [policyTarget(policy)],
    payload: { type },
  })
}
