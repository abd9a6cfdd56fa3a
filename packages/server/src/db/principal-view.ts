/** Principals as they are shown: with where they come from, what AWS said of them, and what keeps others from being used. */
import { type Kysely, type Selectable, sql } from 'kysely'
import { containing, type Page, type PageQuery, readCursor, readNumber, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Db = Kysely<Database>
type Row = Selectable<Database['principal']>

export interface ShownPrincipals {
  readonly principals: readonly Row[]
  /** What providers say and is not in force. */
  readonly notStored: readonly Pick<
    Selectable<Database['asserted_principal']>,
    'source' | 'kind' | 'identifier' | 'problem'
  >[]
}

export async function shownPrincipals(db: Db, people: readonly number[]): Promise<(person: number) => ShownPrincipals> {
  const rows = await db
    .selectFrom('principal')
    .selectAll()
    .where('person_id', '=', sql<number>`any(${people})`)
    .orderBy('id')
    .execute()
  const asserted = await db
    .selectFrom('asserted_principal')
    .selectAll()
    .where('person_id', '=', sql<number>`any(${people})`)
    .where('problem', 'is not', null)
    .orderBy('source')
    .execute()
  const [byPerson, notStored] = [Map.groupBy(rows, row => row.person_id), Map.groupBy(asserted, row => row.person_id)]
  return person => ({ principals: byPerson.get(person) ?? [], notStored: notStored.get(person) ?? [] })
}

/** Of what several sources say of one place, the one that counts: as `facts.ts` has it. */
export function effective(rows: readonly Row[]): Row[] {
  const order = (row: Row) => [row.source === 'local' ? 0 : 1, row.id] as const
  return [...Map.groupBy(rows, row => row.integration_id).values()].flatMap(some => {
    const [first] = some.toSorted((a, b) => order(a)[0] - order(b)[0] || order(a)[1] - order(b)[1])
    return first ? [first] : []
  })
}

/** The roles of these principals that several people can assume. */
export async function wideRoles(db: Db, arns: readonly string[]): Promise<ReadonlySet<string>> {
  if (arns.length === 0) return new Set()
  const rows = await db
    .selectFrom('iam_role')
    .where('arn', '=', sql<string>`any(${arns})`)
    .where('breadth', '=', 'several')
    .select('arn')
    .execute()
  return new Set(rows.map(({ arn }) => arn))
}

// ── Advice ──

export interface AdvisedRow {
  readonly id: number
  readonly person_id: number
  readonly userid: string
  readonly name: string
  readonly person_kind: Database['person']['kind']
  readonly kind: Row['kind']
  readonly identifier: string
  /** Null where nothing was read. */
  readonly breadth: Database['iam_role']['breadth'] | null
  readonly trust_policy: string | null
  readonly problem: string | null
  readonly read_at: number | null
}

export interface AdviceQuery extends PageQuery {
  /** Without it those that stand for several people, or may. */
  readonly breadth?: Database['iam_role']['breadth'] | 'all' | undefined
  readonly kind?: Database['person']['kind'] | undefined
  readonly awsAccountId?: string | undefined
}

export async function listAdvised(db: Db, query: AdviceQuery): Promise<Page<AdvisedRow>> {
  const matching = advised(db)
    .$if(query.kind !== undefined, some => some.where('person.kind', '=', query.kind ?? 'person'))
    .$if(query.awsAccountId !== undefined, some =>
      some.where(sql<boolean>`split_part(principal.identifier, ':', 5) = ${query.awsAccountId ?? ''}`),
    )
    .$if(query.search !== undefined && query.search !== '', some =>
      some.where(({ or, eb }) =>
        or([
          eb('person.userid', 'ilike', containing(query.search ?? '')),
          eb('principal.identifier', 'ilike', containing(query.search ?? '')),
        ]),
      ),
    )
    .$if(query.breadth === undefined, some => some.where(breadth, 'in', ['several', 'unknown']))
    .$if(query.breadth !== undefined && query.breadth !== 'all', some =>
      some.where(breadth, '=', query.breadth as AdvisedBreadth),
    )
  const after = readNumber(readCursor(query.cursor)) ?? 0
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const rows = await select(matching)
    .where('principal.id', '>', after)
    .orderBy('principal.id')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => String(row.id))
}

export async function advisedOf(db: Db, person: number): Promise<AdvisedRow[]> {
  return select(advised(db)).where('principal.person_id', '=', person).orderBy('principal.id').execute()
}

type AdvisedBreadth = Database['iam_role']['breadth']

const breadth = sql<AdvisedBreadth>`case when principal.kind <> 'iamRole' then 'one'
  when principal.identifier like '%:role/aws-reserved/sso.amazonaws.com/%' then 'several'
  else coalesce(iam_role.breadth, 'unknown') end`

/** Each identity of a person once, however many integrations it serves. */
function advised(db: Db) {
  return db
    .selectFrom('principal')
    .innerJoin('person', 'person.id', 'principal.person_id')
    .leftJoin('iam_role', 'iam_role.arn', 'principal.identifier')
    .where(
      sql<boolean>`not exists (select from principal other where other.person_id = principal.person_id
        and other.identifier = principal.identifier and other.id < principal.id)`,
    )
}

function select(query: ReturnType<typeof advised>) {
  return query.select([
    'principal.id',
    'principal.person_id',
    'person.userid',
    'person.name',
    'person.kind as person_kind',
    'principal.kind',
    'principal.identifier',
    breadth.as('breadth'),
    'iam_role.trust_policy',
    'iam_role.problem',
    'iam_role.read_at',
  ])
}

/** Who of the directory each of these principals is. */
export async function ownersOf(
  db: Db,
  identifiers: readonly string[],
): Promise<ReadonlyMap<string, { readonly id: number; readonly userid: string; readonly name: string }>> {
  if (identifiers.length === 0) return new Map()
  const rows = await db
    .selectFrom('principal')
    .innerJoin('person', 'person.id', 'principal.person_id')
    .where('principal.identifier', '=', sql<string>`any(${identifiers})`)
    .select(['principal.identifier', 'person.id', 'person.userid', 'person.name'])
    .execute()
  return new Map(rows.map(({ identifier, ...person }) => [identifier, person]))
}

export async function accountsRead(db: Db): Promise<Selectable<Database['iam_account']>[]> {
  return db.selectFrom('iam_account').selectAll().orderBy('account_id').execute()
}
