/** What would take a change back, were it applied now: the same thing as it is before. */
import type { Change } from './change.ts'
import type { EntitlementIndex } from './entitlement-index.ts'
import { untagged } from './marketplace.ts'
import type { Source } from './source-binding.ts'

export function inverseOf(
  {
    facts,
    bindings,
    members,
    memberships,
    subscriptions,
    now,
  }: Pick<EntitlementIndex, 'facts' | 'bindings' | 'members' | 'memberships' | 'subscriptions' | 'now'>,
  change: Change,
): Change {
  switch (change.entity) {
    case 'integration':
      return { ...change, row: bindings.integrations.get(change.id) }
    case 'dataSource':
      return { ...change, row: rowOf(bindings.sources.get(change.id)) }
    case 'policy':
      return { ...change, row: bindings.policies.get(change.id) }
    case 'domain':
      return { ...change, row: bindings.placement.domains.get(change.name) }
    case 'selection':
      return { ...change, holds: bindings.placement.isSelected(change.row.policy, change.row.dataSource) }
    case 'dataProduct':
      return { ...change, row: bindings.placement.products.get(change.id) }
    case 'subscription':
      return { ...change, holds: subscriptions.has(change.row) }
    case 'member':
      return { ...change, row: members.find(change.id) }
    case 'membership':
      return { ...change, row: memberships.find(change.id) }
    case 'now':
      return { ...change, now }
    case 'user':
      return { ...change, row: facts.findPerson(change.id)?.user }
    case 'group': {
      const { name } = facts.group(change.id)
      return { ...change, row: name === undefined ? undefined : { name } }
    }
    case 'groupMember':
      return { ...change, holds: facts.person(change.user).groups.includes(facts.group(change.group)) }
    case 'attribute':
      return { ...change, holds: facts.hasAttribute(change.row) }
    case 'principals':
      return { ...change, rows: facts.person(change.user).principals }
  }
}

/** Without what products make of it. */
function rowOf(source: Source | undefined): Source['row'] | undefined {
  return source && untagged(source.row)
}
