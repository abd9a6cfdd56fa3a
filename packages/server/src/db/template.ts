/**
 * Forms, agreements and review flows as rows: the current one of each. Every change is a version of its own, which is
 * never changed; what is deleted is in the history only.
 *
 * What is in use stays: whatever uses one holds it while saying so, data products by their rows, the rest by `useTemplates`.
 */
import { isDeepStrictEqual } from 'node:util'
import { type ErrorCode, Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act, AuditTarget, Tx } from './act.ts'
import { containing, type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database, TemplateContent, TemplateKind } from './schema.ts'

type Reader = Kysely<Database>

export type TemplateRow<K extends TemplateKind = TemplateKind> = Omit<
  Selectable<Database['template']>,
  'kind' | 'content'
> & {
  readonly kind: K
  readonly content: TemplateContent[K]
  readonly creator: string | null
  readonly editor: string | null
}

export type TemplateVersionRow<K extends TemplateKind = TemplateKind> = Omit<
  Selectable<Database['template_version']>,
  'content'
> & { readonly content: TemplateContent[K]; readonly creator: string | null }

export interface NewContent<K extends TemplateKind> {
  readonly name: string
  readonly description: string
  readonly content: TemplateContent[K]
}

/** What the three are called in errors and in the audit trail. */
export const templateKinds = {
  form: { notFound: 'request-form-not-found', type: 'REQUEST_FORM', event: 'RequestForm', word: 'form' },
  agreement: { notFound: 'agreement-not-found', type: 'AGREEMENT', event: 'Agreement', word: 'agreement' },
  flow: { notFound: 'review-flow-not-found', type: 'REVIEW_FLOW', event: 'ReviewFlow', word: 'review flow' },
} as const satisfies Readonly<
  Record<TemplateKind, { readonly notFound: ErrorCode } & Readonly<Record<'type' | 'event' | 'word', string>>>
>

/** By name; the search looks at name and description. */
export async function listTemplates<K extends TemplateKind>(
  db: Reader,
  kind: K,
  query: PageQuery,
): Promise<Page<TemplateRow<K>>> {
  const pattern = containing(query.search ?? '')
  const matching = living(db, kind).where(({ or, eb }) =>
    or([eb('template.name', 'ilike', pattern), eb('template.description', 'ilike', pattern)]),
  )
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await withPeople<K>(
    matching
      .$if(after !== undefined, chosen => chosen.where('template.name', '>', after as string))
      .orderBy('template.name')
      .limit(query.limit + 1),
  )
  return toPage(rows, query.limit, total, row => row.name)
}

/** As it is now; without an id the one that is built in. Throws Problem `…-not-found`. */
export async function findTemplate<K extends TemplateKind>(
  db: Reader,
  kind: K,
  id: number | undefined,
): Promise<TemplateRow<K>> {
  const [row] = await withPeople<K>(ofId(living(db, kind), id))
  return row ?? missing(kind, id)
}

/** As `findTemplate`; nobody deletes it before commit, and nobody edits it. */
export async function holdTemplate<K extends TemplateKind>(
  tx: Tx,
  kind: K,
  id: number | undefined,
): Promise<TemplateRow<K>> {
  const [row] = await withPeople<K>(ofId(living(tx, kind), id).forShare('template'))
  return row ?? missing(kind, id)
}

/**
 * The row at that version, and nobody else changes it until the transaction ends.
 * @throws Problem `…-not-found`, `template-built-in`, `version-stale`
 */
export async function lockTemplate<K extends TemplateKind>(
  tx: Tx,
  kind: K,
  id: number,
  version: number,
): Promise<TemplateRow<K>> {
  const [row] = await withPeople<K>(ofId(living(tx, kind), id).forUpdate('template'))
  if (!row) return missing(kind, id)
  if (row.built_in) throw new Problem('template-built-in', { name: row.name, kind: templateKinds[kind].word })
  if (row.version !== version) throw new Problem('version-stale', { version: row.version })
  return row
}

/** @throws Problem `template-name-taken` */
export async function insertTemplate<K extends TemplateKind>(
  act: Act,
  kind: K,
  { name, description, content }: NewContent<K>,
): Promise<TemplateRow<K>> {
  await claimName(act.tx, kind, name)
  const who = act.actor.id ?? null
  const { id } = await act.tx
    .insertInto('template')
    .values({ kind, name, description, content: JSON.stringify(content), created_by: who, updated_by: who })
    .returning('id')
    .executeTakeFirstOrThrow()
  return store(act, kind, id, 'created', undefined)
}

/** Nothing where it says the same already. The row must be locked. Throws Problem `template-name-taken`. */
export async function editTemplate<K extends TemplateKind>(
  act: Act,
  before: TemplateRow<K>,
  { name, description, content }: NewContent<K>,
): Promise<TemplateRow<K>> {
  if (isSame(before, { name, description, content })) return before
  await claimName(act.tx, before.kind, name, before.id)
  await act.tx
    .updateTable('template')
    .set({
      name,
      description,
      content: JSON.stringify(content),
      version: before.version + 1,
      updated_at: new Date(act.now),
      updated_by: act.actor.id ?? null,
    })
    .where('id', '=', before.id)
    .execute()
  return store(act, before.kind, before.id, 'edited', before)
}

/** Whoever says again what stands there made nothing: no version, and others stay its last editor. */
function isSame<K extends TemplateKind>(
  before: TemplateRow<K>,
  { name, description, content }: NewContent<K>,
): boolean {
  const stored: unknown = JSON.parse(JSON.stringify(content))
  return name === before.name && description === before.description && isDeepStrictEqual(stored, before.content)
}

/** Its versions stay. The row must be locked. Throws Problem `template-in-use`, which names what uses it. */
export async function deleteTemplate<K extends TemplateKind>(act: Act, before: TemplateRow<K>): Promise<void> {
  const { items, total } = await usersOf(act.tx, before.id, { limit: 10 })
  if (total > 0) {
    const names = items.map(({ kind, name }) => `${usedByWords[kind]} \`${name}\``).join(', ')
    const more = total > items.length ? `, and ${total - items.length} more` : ''
    const { word } = templateKinds[before.kind]
    throw new Problem('template-in-use', { kind: word, name: before.name, users: names + more, total, some: items })
  }
  await act.tx
    .updateTable('template')
    .set({ deleted_at: new Date(act.now), version: before.version + 1, updated_by: act.actor.id ?? null })
    .where('id', '=', before.id)
    .execute()
  await store(act, before.kind, before.id, 'deleted', before)
}

/** Every review flow that is not deleted, as it is now. */
export async function flowsInForce(db: Reader): Promise<readonly TemplateContent['flow'][]> {
  const rows = await living(db, 'flow').select('content').$castTo<{ content: TemplateContent['flow'] }>().execute()
  return rows.map(({ content }) => content)
}

// ── Use ──

type UsedBy = 'dataProduct' | Database['template_use']['used_by']

/** What uses a template, for those who would delete it. */
export interface TemplateUser {
  readonly kind: UsedBy
  readonly id: string
  readonly name: string
}

const usedByWords: Readonly<Record<UsedBy, string>> = { dataProduct: 'data product', policy: 'policy', form: 'form' }

/**
 * Says that these and no others are used by it from now on; of a thing that goes: none. They must be held. Data
 * products say so in their own rows.
 */
export async function useTemplates(
  tx: Tx,
  {
    kind,
    id,
    name,
  }: { readonly kind: Database['template_use']['used_by']; readonly id: string | number; readonly name: string },
  templates: readonly number[],
): Promise<void> {
  const user = String(id)
  await tx
    .deleteFrom('template_use')
    .where('used_by', '=', kind)
    .where('user_id', '=', user)
    .where('template_id', '<>', sql<number>`all(${templates})`)
    .execute()
  await sql`
    insert into template_use (template_id, used_by, user_id, user_name)
    select distinct unnest(${templates}::bigint[]), ${kind}::text, ${user}::text, ${name}::text
    on conflict (template_id, used_by, user_id) do update set user_name = excluded.user_name`.execute(tx)
}

/** By kind and id. */
export async function usersOf(
  db: Reader,
  template: number,
  { limit, cursor }: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Page<TemplateUser>> {
  const used = sql`(
    select 'dataProduct' as kind, id, name from data_product
      where (form_id = ${template} or review_flow_id = ${template}) and state <> 'deleted'
    union all select used_by, user_id, user_name from template_use where template_id = ${template}
  )`
  const counted = await sql<{ total: number }>`select count(*) as total from ${used} used`.execute(db)
  const after = readCursor(cursor)
  const { rows } = await sql<TemplateUser>`
    select kind, id, name from ${used} used
    ${after === undefined ? sql`` : sql`where kind || ' ' || id > ${after} collate "C"`}
    order by (kind || ' ' || id) collate "C" limit ${limit + 1}`.execute(db)
  return toPage(rows, limit, counted.rows[0]?.total ?? 0, ({ kind, id }) => `${kind} ${id}`)
}

/** How many requests hold which version, newest first. Reads all requests: for somebody who looks, not for each request. */
export async function requestsHolding(
  db: Reader,
  kind: TemplateKind,
  template: number,
): Promise<{ version: number; count: number }[]> {
  const held = {
    form: sql`select form_version as version from request where form_id = ${template}`,
    flow: sql`select flow_version as version from request where flow_id = ${template}`,
    agreement: sql`
      select (one ->> 'version')::int as version from request, jsonb_array_elements(agreements) one
      where agreements @> jsonb_build_array(jsonb_build_object('id', ${template}::bigint))
        and (one ->> 'id')::bigint = ${template}`,
  }[kind]
  const { rows } = await sql<{ version: number; count: number }>`
    select version, count(*)::int as count from (${held}) held group by version order by version desc`.execute(db)
  return rows
}

// ── Versions ──

/** Newest first, of a deleted one too. Throws Problem `…-not-found` where there never was one. */
export async function listTemplateVersions<K extends TemplateKind>(
  db: Reader,
  kind: K,
  id: number,
  query: PageQuery,
): Promise<Page<TemplateVersionRow<K>>> {
  const before = readNumber(readCursor(query.cursor))
  const { total } = await db
    .selectFrom('template_version')
    .innerJoin('template', 'template.id', 'template_id')
    .where('template_id', '=', id)
    .where('template.kind', '=', kind)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  if (total === 0) return missing(kind, id)
  const rows = await versionsOf<K>(db, kind, id)
    .$if(before !== undefined, chosen => chosen.where('template_version.version', '<', before as number))
    .orderBy('template_version.version', 'desc')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => String(row.version))
}

/** As it was. Throws Problem `…-not-found`, `template-version-not-found`. */
export async function findTemplateVersion<K extends TemplateKind>(
  db: Reader,
  kind: K,
  id: number,
  version: number,
): Promise<TemplateVersionRow<K>> {
  const row = await versionsOf<K>(db, kind, id).where('template_version.version', '=', version).executeTakeFirst()
  if (row) return row
  const any = await versionsOf<K>(db, kind, id).limit(1).executeTakeFirst()
  if (!any) return missing(kind, id)
  throw new Problem('template-version-not-found', { kind: templateKinds[kind].word, id, version })
}

function versionsOf<K extends TemplateKind>(db: Reader, kind: K, id: number) {
  return db
    .selectFrom('template_version')
    .innerJoin('template', 'template.id', 'template_version.template_id')
    .leftJoin('person', 'person.id', 'template_version.created_by')
    .where('template_id', '=', id)
    .where('template.kind', '=', kind)
    .selectAll('template_version')
    .select('person.userid as creator')
    .$castTo<TemplateVersionRow<K>>()
}

/** Keeps the present row as its newest version, and says what happened. */
async function store<K extends TemplateKind>(
  act: Act,
  kind: K,
  id: number,
  change: Database['template_version']['change'],
  before: TemplateRow<K> | undefined,
): Promise<TemplateRow<K>> {
  const [row] = await withPeople<K>(ofId(everyOne(act.tx, kind), id))
  if (!row) return missing(kind, id)
  const { version, name, description, content } = row
  await act.tx
    .insertInto('template_version')
    .values({
      template_id: id,
      version,
      name,
      description,
      content: JSON.stringify(content),
      change,
      created_by: act.actor.id ?? null,
    })
    .execute()
  act.audit({
    action: { created: 'CREATE', edited: 'UPDATE', deleted: 'DELETE' }[change],
    targetType: templateKinds[kind].type,
    targets: [templateTarget(row)],
    payload: {
      type: templateKinds[kind].event + { created: 'Created', edited: 'Edited', deleted: 'Deleted' }[change],
      ...(before ? { before: described(before) } : {}),
      ...(change === 'deleted' ? {} : { after: described(row) }),
    },
  })
  return row
}

export function templateTarget({ id, kind, name }: Pick<TemplateRow, 'id' | 'kind' | 'name'>): AuditTarget {
  return { type: templateKinds[kind].type, id: String(id), name }
}

function described({ name, description, version, content }: TemplateRow) {
  return { name, description, version, ...content }
}

const nameLock = 0x5465_6d70 // "Temp"

/** Nobody else takes a name from here to commit. */
async function claimName(tx: Tx, kind: TemplateKind, name: string, owner?: number): Promise<void> {
  await sql`select pg_advisory_xact_lock(${nameLock})`.execute(tx)
  const other = await living(tx, kind).where('template.name', '=', name).select('template.id').executeTakeFirst()
  if (!other || other.id === owner) return
  throw new Problem('template-name-taken', { kind: templateKinds[kind].word, name, id: other.id })
}

function missing(kind: TemplateKind, id: number | undefined): never {
  throw new Problem(templateKinds[kind].notFound, { id: id ?? 'built in' })
}

function everyOne(db: Reader, kind: TemplateKind) {
  return db.selectFrom('template').where('template.kind', '=', kind)
}

function living(db: Reader, kind: TemplateKind) {
  return everyOne(db, kind).where('template.deleted_at', 'is', null)
}

function ofId(query: ReturnType<typeof everyOne>, id: number | undefined) {
  return id === undefined ? query.where('template.built_in', '=', true) : query.where('template.id', '=', id)
}

/** The kind says which content there is. */
async function withPeople<K extends TemplateKind>(query: ReturnType<typeof everyOne>): Promise<TemplateRow<K>[]> {
  return query
    .leftJoin('person as maker', 'maker.id', 'template.created_by')
    .leftJoin('person as changer', 'changer.id', 'template.updated_by')
    .selectAll('template')
    .select(['maker.userid as creator', 'changer.userid as editor'])
    .$castTo<TemplateRow<K>>()
    .execute()
}
