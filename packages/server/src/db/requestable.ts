/** What a request is about, as far as asking and deciding must know: the thing, for whom, and by what it is opened. */
import type { Level, Stage } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import { type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { RequestRow, Thing } from './request.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export interface ProductAsked {
  readonly id: string
  readonly state: Database['data_product']['state']['__select__']
  readonly name: string
  readonly domain: string | null
  readonly levels: readonly Level[]
  readonly definition: { readonly longest?: string | undefined; readonly withoutEnd: boolean }
  readonly form_id: number | null
  readonly review_flow_id: number | null
}

export async function productAsked(db: Reader, id: string): Promise<ProductAsked | undefined> {
  return db
    .selectFrom('data_product')
    .where('id', '=', id)
    .where('state', 'not in', ['draft', 'deleted'])
    .select(['id', 'state', 'name', 'domain', 'levels', 'definition', 'form_id', 'review_flow_id'])
    .executeTakeFirst()
}

export interface Beneficiary {
  readonly id: number
  readonly userid: string
  readonly name: string
  readonly kind: 'person' | 'role-user' | 'service'
  readonly disabled: boolean
}

/** Who is not deleted. */
export async function findBeneficiary(db: Reader, id: number): Promise<Beneficiary | undefined> {
  return people(db).where('id', '=', id).executeTakeFirst()
}

/** Users who stand for roles, and services, by user name. */
export async function listBeneficiaries(db: Reader, query: PageQuery): Promise<Page<Beneficiary>> {
  const matching = people(db)
    .where('kind', '<>', 'person')
    .where('disabled', '=', false)
    .$if(query.search !== undefined && query.search !== '', q =>
      q.where(sql<boolean>`position(name_key(${query.search}) in search_key) > 0`),
    )
  const { total } = await matching.clearSelect().select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, q => q.where('userid', '>', after as string))
    .orderBy('userid')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => row.userid)
}

function people(db: Reader) {
  return db.selectFrom('person').where('deleted_at', 'is', null).select(['id', 'userid', 'name', 'kind', 'disabled'])
}

export interface OpeningPolicy {
  readonly id: number
  readonly version: number
  /** Who made that version. */
  readonly editor: number | null
  readonly definition: Database['policy']['definition']['__select__']
}

/** Those of these policies that are active, oldest first. */
export async function openingPolicies(db: Reader, ids: readonly number[]): Promise<OpeningPolicy[]> {
  return db
    .selectFrom('policy')
    .innerJoin('policy_version', join =>
      join.onRef('policy_id', '=', 'policy.id').onRef('policy_version.version', '=', 'policy.version'),
    )
    .where('policy.id', '=', sql<number>`any(${ids})`)
    .where('policy.state', '=', 'active')
    .select(['policy.id', 'policy.version', 'policy_version.created_by as editor', 'policy.definition'])
    .orderBy('policy.id')
    .execute()
}

/** Of all policies that open requests, or would as soon as they are active. */
export async function stagesOfPolicies(db: Reader): Promise<readonly Stage[]> {
  const rows = await db
    .selectFrom('policy')
    .where('state', '<>', 'deleted')
    .where(sql<boolean>`definition -> 'who' ? 'onRequest'`)
    .select('definition')
    .execute()
  return rows.flatMap(({ definition: { who } }) => ('onRequest' in who ? who.onRequest.review.stages : []))
}

/** Who made the version of the flow, or of the policy, that the request follows. */
export async function editorOf(db: Reader, row: RequestRow): Promise<number | null> {
  const { flow_id, flow_version, policy_id, policy_version } = row
  const { rows } = await sql<{ by: number | null }>`
    select created_by as by from template_version where template_id = ${flow_id} and version = ${flow_version}
    union all
    select created_by from policy_version where policy_id = ${policy_id} and version = ${policy_version}`.execute(db)
  return rows[0]?.by ?? null
}

/** The domains of what is asked for. */
export async function domainsOf(db: Reader, { product_id, data_source_id }: Thing): Promise<string[]> {
  if (data_source_id !== null) return domainsOfSource(db, data_source_id)
  const row = await db.selectFrom('data_product').where('id', '=', product_id).select('domain').executeTakeFirst()
  return row?.domain == null ? [] : [row.domain]
}

async function domainsOfSource(db: Reader, id: number): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select domain as name from data_source_domain where data_source_id = ${id}
    union select domain_tag.domain from domain_tag, data_source_tag
      where data_source_id = ${id}
        and (data_source_tag.tag = domain_tag.tag or starts_with(data_source_tag.tag, domain_tag.tag || '.'))`.execute(
    db,
  )
  return rows.map(({ name }) => name)
}
