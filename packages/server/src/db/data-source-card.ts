/** Data sources as people see them who do not reach them: name, description, tags. Active ones only. */
import { sql } from 'kysely'
import type { Reader } from './data-source.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface Card {
  readonly id: number
  readonly name: string
  readonly description: string
  readonly tags: string[]
}

export interface CardQuery extends PageQuery {
  /** The tag itself or any of its children. */
  readonly tag?: string | undefined
}

/** Those of these ids, by name; the search looks at name and description. */
export async function listCards(db: Reader, ids: readonly number[], query: CardQuery): Promise<Page<Card>> {
  const pattern = containing(query.search ?? '')
  const { tag } = query
  const matching = db
    .selectFrom('data_source')
    .where('state', '=', 'active')
    .where('id', '=', sql<number>`any(${ids})`)
    .where(({ or, eb }) => or([eb('name', 'ilike', pattern), eb('description', 'ilike', pattern)]))
    .$if(tag !== undefined, chosen =>
      chosen.where(
        sql<boolean>`exists (select from data_source_tag where data_source_id = data_source.id
          and (tag = ${tag} or starts_with(tag, ${`${tag}.`})))`,
      ),
    )
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('name', '>', after as string))
    .select([
      'id',
      'name',
      'description',
      sql<string[]>`array(select tag from data_source_tag where data_source_id = data_source.id order by tag)`.as(
        'tags',
      ),
    ])
    .orderBy('name')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => row.name)
}
