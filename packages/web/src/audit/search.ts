/** What the audit trail keeps in its address: how it is narrowed, and where its page begins. */
import { textIn } from '../ui/list-search.ts'

export interface AuditSearch {
  readonly text?: string
  readonly actor?: string
  readonly targetType?: string
  readonly status?: string
  /** The cursor of the page. */
  readonly after?: string
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    ...textIn(search, 'text'),
    ...textIn(search, 'actor'),
    ...textIn(search, 'targetType'),
    ...textIn(search, 'status'),
    ...textIn(search, 'after'),
  }
}
