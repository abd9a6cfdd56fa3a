/**
 * Policies as rows: the current one of each, and every version that ever was.
 *
 * The definition is stored as people wrote it. Only active policies are facts: staging or deleting one says that the
 * fact is gone, editing a staged one says nothing.
 */
import { Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database, PolicyDefinition } from './schema.ts'

type Reader = Kysely<Database>
export type PolicyRow = Selectable<Database['policy']> & { readonly creator: string | null }
export interface PolicyContent {
  readonly name: string
  readonly definition: PolicyDefinition
}

export async function findPolicy(db: Reader, id: number): Promise<PolicyRow | undefined> {
  return withCreator(living(db).where('policy.id', '=', id)).executeTakeFirst()
}

/** By name; the search looks at name and description. */
export async function listPolicies(
  db: Reader,
  query: PageQuery & { readonly state?: 'staged' | 'active' | undefined },
): Promise<Page<PolicyRow>> {
  const { search, state } = query
  const pattern = containing(search ?? '')
  const matching = living(db)
    .where(({ or, eb }) =>
      or([eb('policy.name', 'ilike', pattern), eb(sql`definition ->> 'description'`, 'ilike', pattern)]),
    )
    .$if(state !== undefined, chosen => chosen.where('state', '=', state as 'active'))
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await withCreator(
    matching
      .$if(after !== undefined, chosen => chosen.where('policy.name', '>', after as string))
      .orderBy('policy.name')
      .limit(query.limit + 1),
  ).execute()
  return toPage(rows, query.limit, total, row => row.name)
}

/** @throws Problem `policy-name-taken` */
export async function insertPolicy(
  act: Act,
  { name, definition }: PolicyContent,
  state: 'staged' | 'active',
): Promise<PolicyRow> {
  await claimName(act.tx, name)
  const inserted = await act.tx
    .insertInto('policy')
    .values({ name, definition: JSON.stringify(definition), state, created_by: act.actor.id ?? null })
    .returning('id')
    .executeTakeFirstOrThrow()
  const row = await storeVersion(act, inserted.id)
  if (state === 'active') sayFact(act, row, 'policy-activated')
  act.audit({
    action: 'CREATE',
    targetType: 'POLICY',
    targets: [targetOf(row)],
    payload: { type: 'PolicyCreated', after: describe(row) },
  })
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

/** A new version with another content. Throws Problem `policy-name-taken`. The row must be locked. */
export async function editPolicy(act: Act, before: PolicyRow, content: PolicyContent): Promise<PolicyRow> {
  const { name, definition } = content
  await claimName(act.tx, name, before.id)
  const row = await change(act, before, { name, definition: JSON.stringify(definition) })
  if (row.state === 'active') sayFact(act, row, 'policy-edited')
  sayAudit(act, 'UPDATE', 'PolicyEdited', before, row)
  return row
}

/** Nothing where it is in that state already. The row must be locked. */
export async function setPolicyState(act: Act, before: PolicyRow, state: 'staged' | 'active'): Promise<PolicyRow> {
  if (before.state === state) return before
  const row = await change(act, before, { state })
  if (state === 'active') sayFact(act, row, 'policy-activated')
  else act.changed('policy', row.id, null, 'policy-staged')
  const [action, type] = state === 'active' ? ['ACTIVATE', 'PolicyActivated'] : ['STAGE', 'PolicyStaged']
  sayAudit(act, action, type, before, row)
  return row
}

/** Its versions stay. The row must be locked. */
export async function deletePolicy(act: Act, before: PolicyRow): Promise<void> {
  const row = await change(act, before, { state: 'deleted' })
  if (before.state === 'active') act.changed('policy', row.id, null, 'policy-deleted')
  sayAudit(act, 'DELETE', 'PolicyDeleted', before, row)
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

/** The first of these integrations that does not exist (any more). */
export async function missingIntegration(db: Reader, ids: readonly number[]): Promise<number | undefined> {
  if (ids.length === 0) return undefined
  const rows = await db
    .selectFrom('integration')
    .where('id', '=', sql<number>`any(${ids})`)
    .where('status', '<>', 'deleted')
    .select('id')
    .execute()
  const known = new Set(rows.map(row => row.id))
  return ids.find(id => !known.has(id))
}

async function change(
  act: Act,
  before: PolicyRow,
  set: { name?: string; definition?: string; state?: PolicyRow['state'] },
): Promise<PolicyRow> {
  await act.tx
    .updateTable('policy')
    .set({ ...set, version: before.version + 1, updated_at: new Date(act.now) })
    .where('id', '=', before.id)
    .execute()
  return storeVersion(act, before.id)
}

async function storeVersion(act: Act, id: number): Promise<PolicyRow> {
  const row = await withCreator(act.tx.selectFrom('policy').where('policy.id', '=', id)).executeTakeFirstOrThrow()
  await act.tx
    .insertInto('policy_version')
    .values({
      policy_id: id,
      version: row.version,
      name: row.name,
      state: row.state,
      definition: JSON.stringify(row.definition),
      created_by: act.actor.id ?? null,
    })
    .execute()
  return row
}

function sayFact(act: Act, row: PolicyRow, cause: string): void {
  const { id, version, name, definition } = row
  const { kind, level, appliesTo, who } = definition
  act.changed('policy', id, { id, version, name, kind, level, appliesTo, who }, cause)
}

function sayAudit(act: Act, action: string, type: string, before: PolicyRow, after: PolicyRow): void {
  const payload = { type, before: describe(before), after: describe(after) }
  act.audit({ action, targetType: 'POLICY', targets: [targetOf(after)], payload })
}

function describe({ name, version, state, definition }: PolicyRow) {
  return { name, version, state, ...definition }
}

function targetOf({ id, name }: PolicyRow) {
  return { type: 'POLICY', id: String(id), name }
}

const nameLock = 0x506f_6c79 // "Poly"

/** Nobody else takes a name from here to commit; policies are written so rarely that one lock for all will do. */
async function claimName(tx: Tx, name: string, owner?: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${nameLock})`.execute(tx)
  const other = await living(tx).where('policy.name', '=', name).select('policy.id').executeTakeFirst()
  if (other && other.id !== owner) throw new Problem('policy-name-taken', { name, id: other.id })
}

function living(db: Reader) {
  return db.selectFrom('policy').where('policy.state', '<>', 'deleted')
}

function withCreator(query: ReturnType<typeof living>) {
  return query
    .leftJoin('person', 'person.id', 'policy.created_by')
    .selectAll('policy')
    .select('person.userid as creator')
}
