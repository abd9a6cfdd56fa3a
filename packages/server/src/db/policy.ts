/**
 * Policies as rows: the current one of each. Every change of one is a version of its own (`policy-version.ts`).
 *
 * The definition is stored as people wrote it. Only active policies are facts: staging, archiving or deleting one says
 * that the fact is gone, editing a staged one says nothing.
 */
import { type api, Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { z } from 'zod'
import type { Act, AuditTarget, Tx } from './act.ts'
import { type Keys, orderOf } from './order.ts'
import { containing, type Page, type PageQuery } from './page.ts'
import { reachOf } from './policy-facts.ts'
import { type Made, storeVersion, type VersionName } from './policy-version.ts'
import type { Database, PolicyDefinition, PolicyState } from './schema.ts'

type Reader = Kysely<Database>
type LivingState = Exclude<PolicyState, 'deleted'>
export type PolicyRow = Selectable<Database['policy']> & {
  readonly state: LivingState
  readonly creator: string | null
  /** Of the data source that is all its reach. */
  readonly source: string | null
}
/** Where both are null: everywhere. */
export type PolicyReach = Pick<PolicyRow, 'domain' | 'data_source_id'>
export interface PolicyContent {
  readonly name: string
  readonly definition: PolicyDefinition
}
/** What somebody said that they mean, e.g. `open-by-absence`: goes into the audit event. */
export type Acknowledged = readonly string[]

export async function findPolicy(db: Reader, id: number): Promise<PolicyRow | undefined> {
  return withCreator(living(db).where('policy.id', '=', id)).executeTakeFirst()
}

const isSelectable = sql<boolean>`(policy.state <> 'deleted' and policy.definition -> 'appliesTo' ? 'selected')`

/** The reach of a policy that is or ever was. Throws Problem `policy-not-found`. */
export async function findReach(db: Reader, id: number): Promise<PolicyReach & { readonly isSelectable: boolean }> {
  const row = await db
    .selectFrom('policy')
    .where('id', '=', id)
    .select(['domain', 'data_source_id', isSelectable.as('isSelectable')])
    .executeTakeFirst()
  if (!row) throw new Problem('policy-not-found', { id })
  return row
}

export interface PolicyQuery extends PageQuery {
  readonly sort: z.output<typeof api.policies.list.query>['sort']
  readonly state?: LivingState | undefined
  readonly kind?: 'grant' | 'guardrail' | undefined
  readonly domain?: string | undefined
  readonly dataSource?: number | undefined
  /** Those that data owners pick. */
  readonly selectable?: boolean | undefined
}

/** Which policies, of those of which anything holds. */
export interface PolicyFilter {
  readonly ids: readonly number[]
  readonly domains: readonly string[]
  readonly dataSources: readonly number[]
  /** Those that data owners pick. */
  readonly selectable: boolean
}

const byName = { by: sql`policy.name`, type: 'text' } as const
const keys: Keys<'name' | 'kind' | 'level' | 'state' | 'createdAt'> = {
  own: byName,
  named: {
    name: byName,
    kind: { by: sql`policy.definition ->> 'kind'`, type: 'text' },
    level: { by: sql`policy.definition ->> 'level'`, type: 'text' },
    state: { by: sql`policy.state`, type: 'text' },
    // Given in the order in which they come.
    createdAt: { by: sql`policy.id`, type: 'bigint' },
  },
}

/** Without the archived ones unless they are asked for; the search looks at name and description. */
export async function listPolicies(db: Reader, query: PolicyQuery, only?: PolicyFilter): Promise<Page<PolicyRow>> {
  const { search, state, kind, domain, dataSource, selectable } = query
  const pattern = containing(search ?? '')
  const matching = living(db)
    .where(({ or, eb }) =>
      or([eb('policy.name', 'ilike', pattern), eb(sql`policy.definition ->> 'description'`, 'ilike', pattern)]),
    )
    .where('policy.state', 'in', state === undefined ? ['staged', 'active'] : [state])
    .$if(kind !== undefined, chosen => chosen.where(sql`policy.definition ->> 'kind'`, '=', kind as string))
    .$if(domain !== undefined, chosen => chosen.where('policy.domain', '=', domain as string))
    .$if(dataSource !== undefined, chosen => chosen.where('policy.data_source_id', '=', dataSource as number))
    .$if(selectable !== undefined, chosen => chosen.where(sql<boolean>`${isSelectable} = ${selectable}`))
    .$if(only !== undefined, chosen => chosen.where(isAmong(only as PolicyFilter)))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await withCreator(
    matching
      .where(order.isNext)
      .orderBy(order.by)
      .limit(query.limit + 1),
  )
    .select(order.place)
    .execute()
  return order.page(rows, total)
}

interface NewPolicy {
  readonly state: 'staged' | 'active'
  readonly reach: PolicyReach
  readonly acknowledged?: Acknowledged
  /** The version whose content it is a copy of. */
  readonly clonedFrom?: VersionName
}

/** @throws Problem `policy-name-taken` */
export async function insertPolicy(
  act: Act,
  { name, definition }: PolicyContent,
  { state, reach: { domain, data_source_id }, acknowledged = [], clonedFrom }: NewPolicy,
): Promise<PolicyRow> {
  await claimName(act.tx, name)
  const inserted = await act.tx
    .insertInto('policy')
    .values({
      name,
      definition: JSON.stringify(definition),
      state,
      domain,
      data_source_id,
      created_by: act.actor.id ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const made: Made = clonedFrom ? { change: 'cloned', from: clonedFrom } : { change: 'created' }
  const row = await store(act, inserted.id, made)
  if (state === 'active') sayFact(act, row, 'policy-activated')
  const type = clonedFrom ? 'PolicyCloned' : 'PolicyCreated'
  sayAudit(act, { action: 'CREATE', type, after: row, acknowledged, from: clonedFrom })
  return row
}

/**
 * The row at that version, and nobody else changes it until the transaction ends.
 * @throws Problem `policy-not-found`, `policy-protected`, `version-stale`
 */
export async function lockPolicy(tx: Tx, id: number, version: number): Promise<PolicyRow> {
  const row = await withCreator(living(tx).where('policy.id', '=', id))
    .forUpdate('policy')
    .executeTakeFirst()
  if (!row) throw new Problem('policy-not-found', { id })
  if (row.protected) throw new Problem('policy-protected', { name: row.name })
  if (row.version !== version) throw new Problem('version-stale', { version: row.version })
  return row
}

/** As `lockPolicy`, for what an archived policy refuses. Throws Problem `policy-archived` too. */
export async function lockForUse(tx: Tx, id: number, version: number): Promise<PolicyRow> {
  const row = await lockPolicy(tx, id, version)
  if (row.state === 'archived') throw new Problem('policy-archived', { name: row.name, id })
  return row
}

interface Edit {
  readonly acknowledged: Acknowledged
  /** The version of the same policy whose content it takes over. */
  readonly restoredFrom?: number
}

/** A new version with another content. Throws Problem `policy-name-taken`. The row must be locked. */
export async function editPolicy(
  act: Act,
  before: PolicyRow,
  { name, definition }: PolicyContent,
  { acknowledged, restoredFrom }: Edit,
): Promise<PolicyRow> {
  await claimName(act.tx, name, before.id)
  const from = restoredFrom === undefined ? undefined : { policy: before.id, version: restoredFrom }
  const made: Made = from ? { change: 'restored', from } : { change: 'edited' }
  const row = await change(act, before, { name, definition: JSON.stringify(definition) }, made)
  if (row.state === 'active') sayFact(act, row, from ? 'policy-restored' : 'policy-edited')
  const type = from ? 'PolicyRestored' : 'PolicyEdited'
  sayAudit(act, { action: from ? 'RESTORE' : 'UPDATE', type, before, after: row, acknowledged, from })
  return row
}

/** Nothing where it is in that state already. The row must be locked. */
export async function setPolicyState(
  act: Act,
  before: PolicyRow,
  state: LivingState,
  acknowledged: Acknowledged = [],
): Promise<PolicyRow> {
  return before.state === state ? before : step(act, before, state, acknowledged)
}

/** Its versions stay. The row must be locked. */
export async function deletePolicy(act: Act, before: PolicyRow): Promise<void> {
  await step(act, before, 'deleted', [])
}

/** Those whose reach is one data source, when it goes for good; their names. */
export async function deletePoliciesOf(act: Act, dataSource: number): Promise<string[]> {
  const rows = await withCreator(living(act.tx).where('policy.data_source_id', '=', dataSource))
    .forUpdate('policy')
    .execute()
  for (const row of rows) await step(act, row, 'deleted', [])
  return rows.map(({ name }) => name)
}

/** Who wrote or switched any of each policy's versions; null is Headgate itself. */
export async function policyAuthors(db: Reader, ids: readonly number[]): Promise<Map<number, (number | null)[]>> {
  const rows = await db
    .selectFrom('policy_version')
    .where('policy_id', '=', sql<number>`any(${ids})`)
    .groupBy('policy_id')
    .select(['policy_id', sql<(number | null)[]>`array_agg(distinct created_by)`.as('authors')])
    .execute()
  return new Map(rows.map(row => [row.policy_id, row.authors]))
}

/** Those of these integrations that do not exist (any more). */
export async function missingIntegrations(db: Reader, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set()
  const rows = await db
    .selectFrom('integration')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('status', 'not in', ['deleted', 'disabled'])
    .select('id')
    .execute()
  return new Set(ids).difference(new Set(rows.map(row => row.id)))
}

const steps = {
  active: { change: 'activated', action: 'ACTIVATE', type: 'PolicyActivated' },
  staged: { change: 'staged', action: 'STAGE', type: 'PolicyStaged' },
  archived: { change: 'archived', action: 'ARCHIVE', type: 'PolicyArchived' },
  deleted: { change: 'deleted', action: 'DELETE', type: 'PolicyDeleted' },
} as const

async function step(act: Act, before: PolicyRow, state: PolicyState, acknowledged: Acknowledged): Promise<PolicyRow> {
  const { change: made, action, type } = steps[state]
  const row = await change(act, before, { state }, { change: made })
  if (state === 'active') sayFact(act, row, 'policy-activated')
  else if (before.state === 'active') act.changed('policy', row.id, null, `policy-${made}`)
  sayAudit(act, { action, type, before, after: row, acknowledged })
  return row
}

async function change(
  act: Act,
  before: PolicyRow,
  set: { name?: string; definition?: string; state?: PolicyState },
  made: Made,
): Promise<PolicyRow> {
  await act.tx
    .updateTable('policy')
    .set({ ...set, version: before.version + 1, updated_at: new Date(act.now) })
    .where('id', '=', before.id)
    .execute()
  return store(act, before.id, made)
}

async function store(act: Act, id: number, made: Made): Promise<PolicyRow> {
  const row = await withCreator(act.tx.selectFrom('policy').where('policy.id', '=', id)).executeTakeFirstOrThrow()
  await storeVersion(act, row, made)
  return row
}

function sayFact(act: Act, row: PolicyRow, cause: string): void {
  const { id, version, name, definition } = row
  const { description: _, ...rule } = definition
  act.changed('policy', id, { id, version, name, reach: reachOf(row), ...rule }, cause)
}

interface Said {
  readonly action: string
  readonly type: string
  readonly before?: PolicyRow
  readonly after: PolicyRow
  readonly acknowledged: Acknowledged
  readonly from?: VersionName | undefined
}

function sayAudit(act: Act, { action, type, before, after, acknowledged, from }: Said): void {
  const payload = {
    type,
    ...(before ? { before: describe(before) } : {}),
    after: describe(after),
    ...(from ? { from } : {}),
    ...(acknowledged.length > 0 ? { acknowledged } : {}),
  }
  act.audit({ action, targetType: 'POLICY', targets: [policyTarget(after)], payload })
}

function describe({ name, version, state, definition, ...row }: PolicyRow) {
  return { name, version, state, reach: reachOf(row), ...definition }
}

export function policyTarget({ id, name }: PolicyRow): AuditTarget {
  return { type: 'POLICY', id: String(id), name }
}

const nameLock = 0x506f_6c79 // "Poly"

/** Nobody else takes a name from here to commit; policies are written so rarely that one lock for all will do. */
async function claimName(tx: Tx, name: string, owner?: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${nameLock})`.execute(tx)
  const other = await living(tx).where('policy.name', '=', name).select('policy.id').executeTakeFirst()
  if (other && other.id !== owner) throw new Problem('policy-name-taken', { name, id: other.id })
}

function isAmong({ ids, domains, dataSources, selectable }: PolicyFilter) {
  return sql<boolean>`(policy.id = any(${ids}) or policy.domain = any(${domains})
    or policy.data_source_id = any(${dataSources}) or (${selectable} and ${isSelectable}))`
}

/** What is deleted is in the history only. */
function living(db: Reader) {
  return db.selectFrom('policy').where('policy.state', '<>', 'deleted')
}

function withCreator(query: ReturnType<typeof living>) {
  return query
    .leftJoin('person', 'person.id', 'policy.created_by')
    .leftJoin('data_source', 'data_source.id', 'policy.data_source_id')
    .selectAll('policy')
    .select(['person.userid as creator', 'data_source.name as source'])
    .$narrowType<{ state: LivingState }>()
}
