/**
 * Hypothetical changes as the index takes them: each on top of those before it, nothing stored.
 *
 * Reads the index in one turn, so what names something must be looked up in the database first.
 */
import type {
  Attribute,
  DataSource,
  DataSourceId,
  EntitlementIndex,
  GroupId,
  Level,
  Member,
  MemberId,
  Policy,
  PolicyId,
  PreviewChange,
  UserId,
} from '@headgate/core'
import { type HypotheticalChange, Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { findPolicy } from '../db/policy.ts'
import { readPolicy } from '../db/policy-facts.ts'
import { checkPolicy } from '../policies/check.ts'

export type ToChanges = (index: EntitlementIndex) => PreviewChange[]

/** Throws Problem `policy-not-found`, `policy-invalid`, `integration-not-found`, `request-invalid`; when called, those of what is unknown. */
export async function hypothetical(tx: Tx, wanted: readonly HypotheticalChange[]): Promise<ToChanges> {
  const policies: (Policy | undefined)[] = []
  const stored = new Map<number, Awaited<ReturnType<typeof findPolicy>>>()
  for (const [at, one] of wanted.entries()) {
    if ('id' in one && !stored.has(one.id)) stored.set(one.id, await requirePolicy(tx, one.id))
    policies.push(await policyFor(tx, one, at, stored))
  }
  return index => {
    const draft = draftOf(index)
    return wanted.flatMap((one, at) => changesFor(draft, one, policies[at], at))
  }
}

async function requirePolicy(tx: Tx, id: number) {
  const row = await findPolicy(tx, id)
  if (!row) throw new Problem('policy-not-found', { id })
  return row
}

/** What the policy would be, where it would be applied; a change of one that is not applied does nothing. */
async function policyFor(
  tx: Tx,
  one: HypotheticalChange,
  at: number,
  stored: Map<number, Awaited<ReturnType<typeof findPolicy>>>,
): Promise<Policy | undefined> {
  switch (one.change) {
    case 'createPolicy': {
      const { name, domain = null, dataSource = null, ...written } = one.policy
      const reach = { domain, data_source_id: dataSource }
      const { definition } = await checkPolicy(tx, { name, definition: written }, reach)
      // No stored policy has such an id.
      return readPolicy({ id: -1 - at, version: 1, name, definition, ...reach }).policy
    }
    case 'editPolicy': {
      const row = stored.get(one.id)
      if (!row) return undefined
      const { name, ...written } = one.policy
      const { definition } = await checkPolicy(tx, { name, definition: written }, row)
      const edited = { ...row, name, definition, version: row.version + 1 }
      stored.set(one.id, edited)
      return row.state === 'active' ? readPolicy(edited).policy : undefined
    }
    case 'activatePolicy':
    case 'stagePolicy':
    case 'deletePolicy': {
      const row = stored.get(one.id)
      if (!row) return undefined
      const state = one.change === 'activatePolicy' ? 'active' : 'staged'
      const next = { ...row, state, version: row.version + 1 } as const
      stored.set(one.id, next)
      return state === 'active' ? readPolicy(next).policy : undefined
    }
    default:
      return undefined
  }
}

/** Rows as the changes so far leave them. */
interface Draft {
  readonly index: EntitlementIndex
  readonly dataSources: Map<DataSourceId, DataSource>
  readonly members: Map<string, Member | undefined>
}

function draftOf(index: EntitlementIndex): Draft {
  return { index, dataSources: new Map(), members: new Map() }
}

function changesFor(draft: Draft, one: HypotheticalChange, policy: Policy | undefined, at: number): PreviewChange[] {
  switch (one.change) {
    case 'createPolicy':
      return policy ? [{ entity: 'policy', id: policy.id, row: policy }] : []
    case 'editPolicy':
      return policy ? [{ entity: 'policy', id: policy.id, row: policy }] : []
    case 'activatePolicy':
    case 'stagePolicy':
    case 'deletePolicy':
      return [{ entity: 'policy', id: one.id as PolicyId, row: policy }]
    case 'addTags':
    case 'removeTags': {
      const before = dataSourceIn(draft, one.dataSource)
      const some = new Set(one.tags)
      const kept = before.tags.filter(tag => !some.has(tag))
      const tags = one.change === 'addTags' ? [...kept, ...some].sort() : kept
      const row = { ...before, tags }
      draft.dataSources.set(row.id, row)
      return [{ entity: 'dataSource', id: row.id, row }]
    }
    case 'giveAttribute':
    case 'takeAttribute': {
      const row: Attribute = { subject: subjectIn(draft, one), key: one.key, value: one.value }
      return [{ entity: 'attribute', row, holds: one.change === 'giveAttribute' }]
    }
    case 'setMember':
      return [memberChange(draft, one, at, one)]
    case 'removeMember':
      return [memberChange(draft, one, at)]
  }
}

function memberChange(
  draft: Draft,
  on: SubjectInput & { readonly dataSource: number },
  at: number,
  wanted?: { readonly level: Level; readonly until?: string | undefined },
): PreviewChange {
  const dataSource = dataSourceIn(draft, on.dataSource).id
  const subject = subjectIn(draft, on)
  const key = JSON.stringify([dataSource, subject])
  const before = draft.members.has(key)
    ? draft.members.get(key)
    : draft.index.members.of(dataSource).find(row => JSON.stringify([dataSource, row.subject]) === key)
  // No stored member has such an id.
  const id = before?.id ?? ((-1 - at) as MemberId)
  const until = wanted?.until === undefined ? {} : { until: Date.parse(wanted.until) }
  const row = wanted && { id, dataSource, subject, level: wanted.level, ...until }
  draft.members.set(key, row)
  return { entity: 'member', id, row }
}

function dataSourceIn({ index, dataSources }: Draft, id: number): DataSource {
  const row = dataSources.get(id as DataSourceId) ?? index.bindings.sources.get(id as DataSourceId)?.row
  if (!row) throw new Problem('data-source-not-found', { id })
  return row
}

interface SubjectInput {
  readonly user?: number | undefined
  readonly group?: number | undefined
}

function subjectIn({ index }: Draft, { user, group }: SubjectInput): Attribute['subject'] {
  if (group !== undefined) {
    if (index.facts.group(group as GroupId).name === undefined) throw new Problem('group-not-found', { id: group })
    return { group: group as GroupId }
  }
  if (!index.facts.findPerson(user as UserId)?.user) throw new Problem('user-not-found', { id: user })
  return { user: user as UserId }
}
