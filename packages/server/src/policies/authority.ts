/**
 * Who may write and read which policies (02, 03): GOVERNANCE all. Those of a domain are written by who has
 * MANAGE_POLICIES there, those of one data source by its owners with CREATE_S3_DATASOURCE. AUDIT reads all; others read
 * those of their domains and of the data sources that they look after, and owners what is made for them to pick.
 */
import type { DataSourceId, EntitlementIndex } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { callerRights, domainsWith, lookedAfter, readingRights } from '../access/domain-rights.ts'
import { readsEverything } from '../access/visibility.ts'
import type { Tx } from '../db/act.ts'
import { isOwner, ownedBy } from '../db/data-source.ts'
import { findReach, type PolicyFilter, type PolicyReach, type PolicyRow } from '../db/policy.ts'
import type { Caller } from '../http/serve.ts'

/** Throws Problem `permission-missing`. */
export async function requireAuthority(tx: Tx, caller: Caller, reach: PolicyReach): Promise<void> {
  const missing = await missingFor(tx, caller, reach)
  if (missing !== undefined) throw new Problem('permission-missing', { permission: missing })
}

/** For a change: throws Problem `policy-not-found` for who may not read it, `permission-missing` for who may. */
export async function requireWritable(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  const reach = await findReach(tx, id)
  const missing = await missingFor(tx, caller, reach)
  if (missing === undefined) return
  await requireReadable(tx, index, caller, id)
  throw new Problem('permission-missing', { permission: missing })
}

/** Of a deleted policy only its reach counts. Throws Problem `policy-not-found`. */
export async function requireReadable(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  const filter = await readablePolicies(tx, index, caller)
  if (!filter) return
  const reach = await findReach(tx, id)
  const isAmong =
    filter.ids.includes(id) ||
    filter.domains.some(name => name === reach.domain) ||
    filter.dataSources.some(one => one === reach.data_source_id) ||
    (filter.selectable && reach.isSelectable)
  if (!isAmong) throw new Problem('policy-not-found', { id })
}

/** Undefined: all. */
export async function readablePolicies(
  tx: Tx,
  index: EntitlementIndex,
  caller: Caller,
): Promise<PolicyFilter | undefined> {
  if (readsEverything(caller)) return undefined
  const dataSources = await lookedAfter(tx, caller)
  const ids = new Set(dataSources.flatMap(one => policiesOn(index, one as DataSourceId)))
  return {
    ids: [...ids],
    domains: await domainsWith(tx, caller, readingRights),
    dataSources,
    selectable: (await ownedBy(tx, caller.id)).length > 0,
  }
}

/** For who writes any policies at all. Throws Problem `permission-missing`. */
export async function requireAuthor(tx: Tx, caller: Caller): Promise<void> {
  if (caller.permissions.has('GOVERNANCE') || caller.permissions.has('CREATE_S3_DATASOURCE')) return
  if ((await domainsWith(tx, caller, ['MANAGE_POLICIES'])).length > 0) return
  const permission = 'GOVERNANCE or CREATE_S3_DATASOURCE, or MANAGE_POLICIES in a domain'
  throw new Problem('permission-missing', { permission })
}

/** What the caller lacks, in words; undefined: nothing. */
async function missingFor(
  tx: Tx,
  caller: Caller,
  { domain, data_source_id: dataSource }: Pick<PolicyRow, 'domain' | 'data_source_id'>,
): Promise<string | undefined> {
  if (caller.permissions.has('GOVERNANCE')) return undefined
  if (domain !== null) {
    const mine = (await callerRights(tx, caller)).get(domain)
    return mine?.has('MANAGE_POLICIES') ? undefined : `GOVERNANCE, or MANAGE_POLICIES in domain \`${domain}\``
  }
  if (dataSource === null) return 'GOVERNANCE'
  const mayOwners = caller.permissions.has('CREATE_S3_DATASOURCE') && (await isOwner(tx, dataSource, caller.id))
  return mayOwners ? undefined : 'GOVERNANCE, or CREATE_S3_DATASOURCE and owning the data source'
}

/** The active policies that bear on a data source, guardrails of what it covers among them. */
function policiesOn({ bindings }: EntitlementIndex, id: DataSourceId): number[] {
  const source = bindings.sources.get(id)
  if (!source) return []
  const inner = bindings.covered(source).flatMap(one => bindings.policiesOn(one.row))
  return [...bindings.policiesOn(source.row), ...inner.filter(({ kind }) => kind === 'guardrail')].map(one => one.id)
}
