/** People as the API shows them: with their permissions, groups, own attributes, AWS identities and warnings. */
import { type api, type Permission, Problem, type User } from '@headgate/core/api'
import { allUsers } from '@headgate/core/policy'
import { type Kysely, sql } from 'kysely'
import type { z } from 'zod'
import { principalWarnings } from '../directory/principal-warnings.ts'
import { listIntegrations } from './integration.ts'
import { heldThroughProducts } from './membership.ts'
import { type Keys, orderOf } from './order.ts'
import type { Page, PageQuery } from './page.ts'
import type { PersonRow } from './person.ts'
import { type ShownPrincipals, shownPrincipals, wideRoles } from './principal-view.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** @throws Problem `user-not-found`, for deleted people too */
export async function getUser(db: Reader, id: number): Promise<User> {
  const row = await living(db).selectAll().where('id', '=', id).executeTakeFirst()
  const [user] = row ? await present(db, [row]) : []
  if (!user) throw new Problem('user-not-found', { id })
  return user
}

export interface UserQuery extends PageQuery {
  readonly sort: z.output<typeof api.users.list.query>['sort']
  readonly disabled?: boolean | undefined
  readonly kind?: User['kind'] | undefined
  /** `local`: managed here. */
  readonly provider?: string | undefined
  /** In this group. */
  readonly group?: number | undefined
  /** Without a principal: any, or one for the integration. */
  readonly unmapped?: boolean | undefined
  readonly integration?: number | undefined
}

const byUserid = { by: sql`userid`, type: 'text' } as const
const keys: Keys<'userid' | 'name' | 'createdAt'> = {
  own: byUserid,
  named: {
    userid: byUserid,
    name: { by: sql`name_key(name)`, type: 'text' },
    // Given in the order in which they come.
    createdAt: { by: sql`id`, type: 'bigint' },
  },
}

/** The search looks at user name, name and e-mail. */
export async function listUsers(db: Reader, query: UserQuery): Promise<Page<User>> {
  const matching = matchSearch(db, query)
  const { total } = await matching.select(sql<number>`count(*)`.as('total')).executeTakeFirstOrThrow()
  const order = orderOf(keys, query)
  const rows = await matching
    .where(order.isNext)
    .selectAll()
    .select(order.place)
    .orderBy(order.by)
    .limit(query.limit + 1)
    .execute()
  const page = order.page(rows, total)
  return { ...page, items: await present(db, page.items) }
}

function matchSearch(db: Reader, { search, disabled, kind, provider, group, unmapped, integration }: UserQuery) {
  return living(db)
    .$if(search !== undefined && search !== '', query =>
      query.where(sql<boolean>`position(name_key(${search}) in search_key) > 0`),
    )
    .$if(disabled !== undefined, query => query.where('disabled', '=', disabled ?? false))
    .$if(kind !== undefined, query => query.where('kind', '=', kind ?? 'person'))
    .$if(provider === local, query => query.where('provider', 'is', null))
    .$if(provider !== undefined && provider !== local, query => query.where('provider', '=', provider ?? ''))
    .$if(group !== undefined, query => query.where(isMember(group ?? 0)))
    .$if(unmapped !== undefined, query =>
      query.where(({ not }) => (unmapped ? not(isMapped(integration)) : isMapped(integration))),
    )
}

/** What a provider never is called. */
const local = 'local'

/** Everyone is in the built-in group, which has no rows. */
function isMember(group: number) {
  return sql<boolean>`(exists (select from group_member where person_id = person.id and group_id = ${group})
    or exists (select from people_group where id = ${group} and name = ${allUsers}))`
}

/** Where an integration is named, an entry of its own or the general one serves it. */
function isMapped(integration: number | undefined) {
  const serving = integration === undefined ? sql`true` : sql`coalesce(integration_id, ${integration}) = ${integration}`
  return sql<boolean>`exists (select from principal where person_id = person.id and ${serving})`
}

function living(db: Reader) {
  return db.selectFrom('person').where('deleted_at', 'is', null)
}

async function present(db: Reader, people: readonly PersonRow[]): Promise<User[]> {
  if (people.length === 0) return []
  const ids = people.map(person => person.id)
  const [permissions, groups, attributes, principals, ofProducts] = await Promise.all([
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
    shownPrincipals(db, ids),
    heldThroughProducts(db, ids),
  ])
  const of = <Row extends { readonly person_id: number }>(rows: readonly Row[]) => {
    const byPerson = Map.groupBy(rows, row => row.person_id)
    return (id: number) => byPerson.get(id) ?? []
  }
  const [permissionsOf, groupsOf, attributesOf] = [of(permissions), of(groups), of(attributes)]
  const integrations = await listIntegrations(db)
  const roles = ids.flatMap(id => principals(id).principals.map(({ identifier }) => identifier))
  const wide = await wideRoles(db, roles)
  return people.map(({ id, userid, name, email, kind, disabled, provider, active_at_provider, created_at }) => ({
    id,
    userid,
    name,
    ...(email === null ? {} : { email }),
    kind,
    disabled,
    ...(provider === null ? {} : { provider, activeAtProvider: active_at_provider }),
    permissions: permissionsOf(id).map((row): Permission => row.permission),
    ...scopesIn(permissionsOf(id)),
    groups: groupsOf(id).map(group => ({ id: group.id, name: group.name, source: group.source })),
    attributes: [...attributesOf(id).map(({ key, value, source }) => ({ key, value, source })), ...ofProducts(id)],
    principals: foldPrincipals(principals(id).principals),
    warnings: principalWarnings(principals(id), integrations, wide),
    createdAt: new Date(created_at).toISOString(),
  }))
}

function scopesIn(rows: readonly { readonly scopes: string[] | null }[]): Pick<User, 'dataSourceScopes'> {
  const dataSourceScopes = rows.flatMap(row => row.scopes ?? [])
  return dataSourceScopes.length === 0 ? {} : { dataSourceScopes }
}

type PrincipalRow = ShownPrincipals['principals'][number]

/** Rows are one for each integration; people write one entry for several. */
function foldPrincipals(rows: readonly PrincipalRow[]): User['principals'] {
  const folded = Map.groupBy(rows, ({ kind, identifier, source, integration_id }) =>
    JSON.stringify([kind, identifier, source, integration_id === null]),
  )
  return [...folded.values()].flatMap(group => {
    const [first] = group
    if (!first) return []
    const { kind, identifier, source } = first
    const said = source === 'local' ? {} : { source }
    const integrationIds = group.flatMap(row => (row.integration_id === null ? [] : [String(row.integration_id)]))
    return [{ kind, identifier, ...(integrationIds.length === 0 ? {} : { integrationIds }), ...said }]
  })
}
