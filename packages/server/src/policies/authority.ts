/**
 * Who may write and read which policies (02, 03), by the rules of the contract. Every policy has a reach: a domain, one
 * data source, or everything. Owners who pick policies may read those that are made for it.
 */
import type { DataSourceId, EntitlementIndex } from '@headgate/core'
import { Problem, rules } from '@headgate/core/api'
import { allow, holdsAny, type Standing } from '../access/allow.ts'
import {
  actsAsOwner,
  actsAsOwnerOf,
  callerRights,
  domainsWith,
  lookedAfter,
  readingRights,
} from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import { findReach, type PolicyFilter, type PolicyReach } from '../db/policy.ts'
import type { Caller } from '../http/serve.ts'

/** To make a policy of that reach. Throws Problem `permission-missing`. */
export async function requireAuthority(tx: Tx, caller: Caller, reach: PolicyReach): Promise<void> {
  const missing = () => new Problem('policy-not-found', { id: 'new' })
  await allow(caller, rules.writePolicy, { ...toReach(tx, caller, reach), missing })
}

/** For a change: throws Problem `policy-not-found` for who may not read it, `permission-missing` for who may. */
export async function requireWritable(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  const { is } = toReach(tx, caller, await findReach(tx, id))
  await allow(caller, rules.writePolicy, { is, ...toRead(tx, index, caller, id) })
}

/** Of a deleted policy only its reach counts. Throws Problem `policy-not-found`. */
export async function requireReadable(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<void> {
  const { isKnown, missing } = toRead(tx, index, caller, id)
  if (!(await isKnown())) throw missing()
}

/** Whether there is such a policy for the caller. */
export async function mayRead(tx: Tx, index: EntitlementIndex, caller: Caller, id: number): Promise<boolean> {
  return toRead(tx, index, caller, id).isKnown()
}

/** Undefined: all. */
export async function readablePolicies(
  tx: Tx,
  index: EntitlementIndex,
  caller: Caller,
): Promise<PolicyFilter | undefined> {
  if (holdsAny(caller, rules.listPolicies.anyOf)) return undefined
  const dataSources = await lookedAfter(tx, caller)
  const ids = new Set(dataSources.flatMap(one => policiesOn(index, one as DataSourceId)))
  return {
    ids: [...ids],
    domains: await domainsWith(tx, caller, readingRights),
    dataSources,
    selectable: (await actsAsOwnerOf(tx, caller)).length > 0,
  }
}

/** For who writes any policies at all. Throws Problem `permission-missing`. */
export async function requireAuthor(tx: Tx, caller: Caller): Promise<void> {
  await allow(caller, rules.checkPolicy, {
    is: async ({ inDomain }) => (await domainsWith(tx, caller, inDomain)).length > 0,
    missing: () => new Problem('policy-not-found', { id: 'new' }),
  })
}

function toReach(
  tx: Tx,
  caller: Caller,
  { domain, data_source_id: dataSource }: PolicyReach,
): Pick<Standing<'policy'>, 'is'> {
  return {
    async is(relation) {
      if (relation === 'registeringOwner') {
        const registers = caller.permissions.has('CREATE_S3_DATASOURCE')
        return registers && dataSource !== null && actsAsOwner(tx, caller, dataSource)
      }
      if (typeof relation === 'string' || domain === null) return false
      const mine = (await callerRights(tx, caller)).get(domain)
      return relation.inDomain.some(right => mine?.has(right))
    },
  }
}

/** One list tells which are read, so that reading one and listing them all never differ. */
function toRead(tx: Tx, index: EntitlementIndex, caller: Caller, id: number) {
  return {
    async isKnown(): Promise<boolean> {
      const filter = await readablePolicies(tx, index, caller)
      if (!filter) return true
      const reach = await findReach(tx, id)
      return (
        filter.ids.includes(id) ||
        filter.domains.some(name => name === reach.domain) ||
        filter.dataSources.some(one => one === reach.data_source_id) ||
        (filter.selectable && reach.isSelectable)
      )
    },
    missing: () => new Problem('policy-not-found', { id }),
  }
}

/** The active policies that bear on a data source, guardrails of what it covers among them. */
function policiesOn({ bindings }: EntitlementIndex, id: DataSourceId): number[] {
  const source = bindings.sources.get(id)
  if (!source) return []
  const inner = bindings.covered(source).flatMap(one => bindings.policiesOn(one.row))
  return [...bindings.policiesOn(source.row), ...inner.filter(({ kind }) => kind === 'guardrail')].map(one => one.id)
}
