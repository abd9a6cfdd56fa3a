/** The conditions of a stored policy's `appliesTo`, whichever way they are joined. */
import type { PolicyDefinition, StoredCondition } from '../db/schema.ts'

export function conditionsOf(appliesTo: PolicyDefinition['appliesTo']): readonly StoredCondition[] {
  if ('everything' in appliesTo || 'selected' in appliesTo) return []
  return 'any' in appliesTo ? appliesTo.any : appliesTo.all
}

/** Where the condition at this place stands, e.g. `appliesTo.any.0`. */
export function pathOfCondition(appliesTo: PolicyDefinition['appliesTo'], at: number): string {
  return `appliesTo.${'any' in appliesTo ? 'any' : 'all'}.${at}`
}
