/**
 * Which data sources open which others: AWS grants add up, so a grant on a scope opens whatever lies inside it, in the
 * same account and region, whichever the integrations (02).
 */
import type { DataSource, Facts } from './facts.ts'
import { type ScopeIndex, scopeIndex } from './scope-index.ts'

/** For a data source: the active others whose scope covers its own, widest first. */
export function coveringAmong(facts: Pick<Facts, 'integrations' | 'dataSources'>): (inner: DataSource) => DataSource[] {
  const realms = new Map(facts.integrations.map(({ id, accountId, region }) => [id, `${accountId} ${region}`]))
  const byRealm = new Map<string | undefined, ScopeIndex<DataSource>>()
  for (const dataSource of facts.dataSources) {
    if (dataSource.disabled) continue
    const realm = realms.get(dataSource.integration)
    const index = byRealm.get(realm) ?? scopeIndex<DataSource>([], ({ scope }) => scope)
    byRealm.set(realm, index)
    index.add(dataSource)
  }
  return inner => {
    const index = byRealm.get(realms.get(inner.integration))
    return index?.coveredBy(inner.scope).filter(({ id }) => id !== inner.id) ?? []
  }
}
