/** What a question is about, a data source or a path, and whether the caller may ask it. */
import { type DataSourceId, parseScope, type Scope } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import type { Caller } from '../http/serve.ts'
import { lookedAfter } from './domain-rights.ts'
import { readsEverything } from './visibility.ts'

export interface Place {
  readonly dataSource?: number | undefined
  readonly path?: string | undefined
}

/** Throws Problem `request-invalid`. */
export function scopeOfPath(path: string): Scope {
  const parsed = parseScope(path)
  if (parsed.ok) return parsed.scope
  const issue = { path: 'query.path', message: parsed.message }
  throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
}

/** The data sources about which a caller may ask whatever they like: all, or those that they look after. */
export async function openToQuestions(tx: Tx, caller: Caller): Promise<(id: DataSourceId) => boolean> {
  if (readsEverything(caller)) return () => true
  const mine = new Set<number>(await lookedAfter(tx, caller))
  return id => mine.has(id)
}
