/** The conditions of a stored policy's `appliesTo`, whichever way they are joined. */
import type { PolicyDefinition, StoredCondition } from '../db/schema.ts'

export function conditionsOf(appliesTo: PolicyDefinition['appliesTo']): readonly StoredCondition[] {
  if ('everything' in appliesTo) return []
  return 'any' in appliesTo ? appliesTo.any : appliesTo.all
}
