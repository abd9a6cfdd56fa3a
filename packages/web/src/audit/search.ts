/** What the audit trail keeps in its address: how it is narrowed, and where its page begins. */
import { textIn } from '../ui/list-search.ts'

export interface AuditSearch {
  readonly text?: string
  readonly actor?: string
  readonly targetType?: string
  /** One thing, as events name it: `DATASOURCE/5`. */
  readonly target?: string
  readonly status?: string
  /** The cursor of the page. */
  readonly after?: string
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    ...textIn(search, 'text'),
    ...textIn(search, 'actor'),
    ...textIn(search, 'targetType'),
    ...textIn(search, 'target'),
    ...textIn(search, 'status'),
    ...textIn(search, 'after'),
  }
}
