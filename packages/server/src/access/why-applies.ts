/** Which part of a policy's `appliesTo` takes a data source in, in words. Pure; asks the very function that decides. */
import { type Condition, type DataSource, type Placement, type Policy, printScope, takesIn } from '@headgate/core'

/** The policy must apply to the data source. */
export function whyApplies(policy: Policy, dataSource: DataSource, placement: Placement): string {
  const { appliesTo } = policy
  if ('everything' in appliesTo) return 'applies to everything'
  if ('selected' in appliesTo) return 'an owner picked it for this data source'
  const meets = (condition: Condition) => takesIn({ ...policy, appliesTo: { any: [condition] } }, dataSource, placement)
  const met = 'any' in appliesTo ? appliesTo.any.filter(meets) : appliesTo.all
  return met.map(inWords).join('all' in appliesTo ? ' and ' : ', ')
}

function inWords(condition: Condition): string {
  if ('tag' in condition) return `tag \`${condition.tag}\``
  if ('domain' in condition) return `domain \`${condition.domain}\``
  if ('integration' in condition) return `integration ${condition.integration}`
  if ('scope' in condition) return `inside \`${printScope(condition.scope)}\``
  return `name like \`${condition.name}\``
}
