/** People as the API shows them: with their permissions, groups, own attributes, AWS identities and warnings. */
import { type Permission, Problem, type User } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { PersonRow } from './person.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** @throws Problem `user-not-found`, for deleted people too */
export async function getUser(db: Reader, id: number): Promise<User> {
  const row = await living(db).selectAll().where('id', '=', id).executeTakeFirst()
  const [user] = row ? await present(db, [row]) : []
  if (!user) throw new Problem('user-not-found', { id })
  return user
}

/** By user name; the search looks at user name, name and e-mail. */
export async function listUsers(db: Reader, query: PageQuery): Promise<Page<User>> {
  const matching = matchSearch(db, query.search)
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await matching
    .$if(after !== undefined, chosen => chosen.where('userid', '>', after as string))
    .selectAll()
    .orderBy('userid')
    .limit(query.limit + 1)
    .execute()
  const page = toPage(rows, query.limit, total, row => row.userid)
  return { ...page, items: await present(db, page.items) }
}

function matchSearch(db: Reader, search: string | undefined) {
  if (search === undefined || search === '') return living(db)
  const pattern = containing(search)
  return living(db).where(({ or, eb }) =>
    or([eb('userid', 'ilike', pattern), eb('name', 'ilike', pattern), eb('email', 'ilike', pattern)]),
  )
}

function living(db: Reader) {
  return db.selectFrom('person').where('deleted_at', 'is', null)
}

async function present(db: Reader, people: readonly PersonRow[]): Promise<User[]> {
  if (people.length === 0) return []
  const ids = people.map(person => person.id)
  const [permissions, groups, attributes, principals] = await Promise.all([
    db.selectFrom('person_permission').selectAll().where('person_id', 'in', ids).orderBy('permission').execute(),
    db
      .selectFrom('group_member')
      .innerJoin('people_group', 'people_group.id', 'group_member.group_id')
      .where('person_id', 'in', ids)
      .select(['person_id', 'people_group.id', 'people_group.name', 'group_member.source'])
      .orderBy('people_group.name')
      .orderBy('group_member.source')
      .execute(),
    db
      .selectFrom('person_attribute')
      .selectAll()
      .where('person_id', 'in', ids)
      .orderBy('key')
      .orderBy('value')
      .orderBy('source')
      .execute(),
    db.selectFrom('principal').selectAll().where('person_id', 'in', ids).orderBy('id').execute(),
  ])
  const of = <Row extends { readonly person_id: number }>(rows: readonly Row[]) => {
    const byPerson = Map.groupBy(rows, row => row.person_id)
    return (id: number) => byPerson.get(id) ?? []
  }
  const [permissionsOf, groupsOf, attributesOf, principalsOf] = [
    of(permissions),
    of(groups),
    of(attributes),
    of(principals),
  ]
  return people.map(({ id, userid, name, email, kind, disabled, created_at }) => ({
    id,
    userid,
    name,
    ...(email === null ? {} : { email }),
    kind,
    disabled,
    permissions: permissionsOf(id).map((row): Permission => row.permission),
    ...scopesIn(permissionsOf(id)),
    groups: groupsOf(id).map(group => ({ id: group.id, name: group.name, source: group.source })),
    attributes: attributesOf(id).map(({ key, value, source }) => ({ key, value, source })),
    principals: foldPrincipals(principalsOf(id)),
    warnings: [...new Set(principalsOf(id).flatMap(({ warning }) => (warning === null ? [] : [warning])))],
    createdAt: new Date(created_at).toISOString(),
  }))
}

function scopesIn(rows: readonly { readonly scopes: string[] | null }[]): Pick<User, 'dataSourceScopes'> {
  const dataSourceScopes = rows.flatMap(row => row.scopes ?? [])
  return dataSourceScopes.length === 0 ? {} : { dataSourceScopes }
}

type PrincipalRow = Pick<Database['principal'], 'kind' | 'identifier' | 'integration_id'>

/** Rows are one for each integration; people write one entry for several. */
function foldPrincipals(rows: readonly PrincipalRow[]): User['principals'] {
  const folded = Map.groupBy(rows, ({ kind, identifier, integration_id }) =>
    JSON.stringify([kind, identifier, integration_id === null]),
  )
  return [...folded.values()].flatMap(group => {
    const [first] = group
    if (!first) return []
    const { kind, identifier } = first
    const integrationIds = group.flatMap(row => (row.integration_id === null ? [] : [String(row.integration_id)]))
    return [{ kind, identifier, ...(integrationIds.length === 0 ? {} : { integrationIds }) }]
  })
}
