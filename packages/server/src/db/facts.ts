/**
 * The tables as core's facts, row by row: a part of them, or those that some changes touched.
 *
 * What is deleted or staged is no fact. These are rows only, never what they mean; policies are read by
 * `policy-facts.ts`, which fails closed. Everything at once, and faster, is read by `all-facts.ts`.
 */
import type {
  Attribute,
  DataProduct,
  DataProductId,
  DataSource,
  DataSourceId,
  Domain,
  GroupId,
  Instant,
  Integration,
  IntegrationId,
  Member,
  MemberId,
  Membership,
  MembershipId,
  Policy,
  PolicyId,
  Principal,
  Selection,
  Subscription,
  User,
  UserId,
} from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'
import { loadPolicies, type UnreadablePolicy } from './policy-facts.ts'

/** Some rows of each kind; what is not there is not among them. */
export interface FactRows {
  readonly integrations?: readonly Integration[]
  readonly groups?: readonly { readonly id: GroupId; readonly name: string }[]
  readonly users?: readonly User[]
  readonly groupMembers?: readonly GroupMember[]
  readonly attributes?: readonly Attribute[]
  readonly principals?: readonly StoredPrincipal[]
  readonly policies?: readonly Policy[]
  readonly unreadable?: readonly UnreadablePolicy[]
  readonly selections?: readonly Selection[]
  readonly domains?: readonly Domain[]
  readonly dataSources?: readonly DataSource[]
  readonly subscriptions?: readonly Subscription[]
  readonly members?: readonly Member[]
  readonly dataProducts?: readonly DataProduct[]
  readonly memberships?: readonly Membership[]
}

export interface GroupMember {
  readonly group: GroupId
  readonly user: UserId
}

export interface StoredPrincipal {
  readonly id: number
  readonly principal: Principal
}

/** The last change that a snapshot holds, and database time at its start. */
export async function currentMoment(tx: Tx): Promise<{ readonly sequence: number; readonly now: Instant }> {
  return tx
    .selectFrom('fact_change')
    .select([sql<number>`coalesce(max(id), 0)`.as('sequence'), sql<Instant>`now()`.as('now')])
    .executeTakeFirstOrThrow()
}

/** What changes were about, each once. */
export interface Touched {
  readonly integrations: ReadonlySet<number>
  readonly groups: ReadonlySet<number>
  readonly users: ReadonlySet<number>
  /** By `group/user`. */
  readonly groupMembers: ReadonlyMap<string, GroupMember>
  readonly groupsOfAttributes: ReadonlySet<number>
  readonly usersOfAttributes: ReadonlySet<number>
  readonly usersOfPrincipals: ReadonlySet<number>
  readonly policies: ReadonlySet<number>
  /** By name. */
  readonly domains: ReadonlySet<string>
  readonly dataSources: ReadonlySet<number>
  /** By `data source/policy`. */
  readonly selections: ReadonlyMap<string, Selection>
  /** By `data source/user/level`. */
  readonly subscriptions: ReadonlyMap<string, Subscription>
  readonly members: ReadonlySet<number>
  readonly dataProducts: ReadonlySet<string>
  readonly memberships: ReadonlySet<number>
}

/** The rows that are there of what was touched; attributes and principals are all those of the people touched. */
export async function touchedFacts(tx: Tx, touched: Touched): Promise<FactRows> {
  const some = <Row>(ids: ReadonlySet<number>, load: (tx: Tx, part: Part) => Promise<Row[]>) =>
    ids.size === 0 ? [] : load(tx, { ids: [...ids] })
  return {
    integrations: await some(touched.integrations, integrations),
    groups: await some(touched.groups, groups),
    users: await some(touched.users, users),
    groupMembers: await groupMembersAmong(tx, [...touched.groupMembers.values()]),
    attributes: [
      ...(await some(touched.groupsOfAttributes, groupAttributes)),
      ...(await some(touched.usersOfAttributes, userAttributes)),
    ],
    principals: await some(touched.usersOfPrincipals, principals),
    ...(touched.policies.size === 0 ? {} : await loadPolicies(tx, [...touched.policies])),
    domains: touched.domains.size === 0 ? [] : await domains(tx, [...touched.domains]),
    dataSources: await some(touched.dataSources, dataSources),
    selections: await some(sourcesIn(touched.selections), selections),
    subscriptions: await some(sourcesIn(touched.subscriptions), subscriptions),
    members: await some(touched.members, members),
    dataProducts: touched.dataProducts.size === 0 ? [] : await dataProducts(tx, [...touched.dataProducts]),
    memberships: await some(touched.memberships, memberships),
  }
}

function sourcesIn(touched: ReadonlyMap<string, { readonly dataSource: number }>): Set<number> {
  return new Set(Array.from(touched.values(), ({ dataSource }) => dataSource))
}

/** Whose the principals of these rows are now. */
export async function ownersOfPrincipals(tx: Tx, ids: readonly number[]): Promise<number[]> {
  const rows = await tx.selectFrom('principal').where('id', '=', sql<number>`any(${ids})`).select('person_id').execute()
  return rows.map(row => row.person_id)
}

/** The integrations of these data sources. */
export async function integrationsOf(tx: Tx, ids: readonly number[]): Promise<number[]> {
  const rows = await tx
    .selectFrom('data_source')
    .where('id', '=', sql<number>`any(${ids})`)
    .select('integration_id')
    .distinct()
    .execute()
  return rows.map(row => row.integration_id)
}

// ── Parts: ranges of ids, or ids one by one; without a part all ──

export type Part = { readonly ids: readonly number[] } | { readonly from: number; readonly to: number }

/** A condition on a column of ids. */
export function within(column: string, part: Part | undefined) {
  if (!part) return sql<boolean>`true`
  const ref = sql.ref(column)
  return 'ids' in part
    ? sql<boolean>`${ref} = any(${part.ids})`
    : sql<boolean>`${ref} between ${part.from} and ${part.to}`
}

// ── Rows ──

export async function integrations(tx: Tx, part?: Part): Promise<Integration[]> {
  const rows = await tx
    .selectFrom('integration')
    .where('status', 'not in', ['deleted', 'disabled'])
    .where(within('id', part))
    .select(['id', 'account_id', 'region', 'location_path', 'subsume_equal', 'vends_to'])
    .orderBy('id')
    .execute()
  return rows.map(row => ({
    id: row.id as IntegrationId,
    accountId: row.account_id,
    region: row.region,
    locationPath: row.location_path,
    subsumeEqual: row.subsume_equal,
    ...(row.vends_to.length === 0 ? {} : { vendsTo: row.vends_to }),
  }))
}

export async function users(tx: Tx, part: Part): Promise<User[]> {
  const rows = await tx
    .selectFrom('person')
    .where('deleted_at', 'is', null)
    .where(within('id', part))
    .select(['id', 'userid', 'disabled'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, userid, disabled }) => ({ id: id as UserId, userid, disabled }))
}

export async function groups(tx: Tx, part?: Part): Promise<{ id: GroupId; name: string }[]> {
  const rows = await tx
    .selectFrom('people_group')
    .where(within('id', part))
    .select(['id', 'name'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, name }) => ({ id: id as GroupId, name }))
}

async function groupMembersAmong(tx: Tx, asked: readonly GroupMember[]): Promise<GroupMember[]> {
  if (asked.length === 0) return []
  const [groupIds, userIds] = [asked.map(({ group }) => group), asked.map(({ user }) => user)]
  const rows = await tx
    .selectFrom('group_member')
    .where(sql<boolean>`(group_id, person_id) in (select * from unnest(${groupIds}::bigint[], ${userIds}::bigint[]))`)
    .select(['group_id', 'person_id'])
    // Two sources may say the same.
    .distinct()
    .execute()
  return rows.map(({ group_id, person_id }) => ({ group: group_id as GroupId, user: person_id as UserId }))
}

async function userAttributes(tx: Tx, part: Part): Promise<Attribute[]> {
  const rows = await tx
    .selectFrom('person_attribute')
    .where(within('person_id', part))
    .select(['person_id', 'key', 'value'])
    .distinct()
    .execute()
  return rows.map(({ person_id, key, value }) => ({ subject: { user: person_id as UserId }, key, value }))
}

export async function groupAttributes(tx: Tx, part?: Part): Promise<Attribute[]> {
  const rows = await tx
    .selectFrom('group_attribute')
    .where(within('group_id', part))
    .select(['group_id', 'key', 'value'])
    .distinct()
    .execute()
  return rows.map(({ group_id, key, value }) => ({ subject: { group: group_id as GroupId }, key, value }))
}

export async function principals(tx: Tx, part: Part): Promise<StoredPrincipal[]> {
  const rows = await tx
    .selectFrom('principal')
    .where(within('person_id', part))
    .select(['id', 'person_id', 'kind', 'identifier', 'integration_id', 'found_id'])
    // Of what several sources say of one person and place, one entry counts: the local one, else the oldest.
    .distinctOn(['person_id', sql`coalesce(integration_id, 0)`])
    .orderBy('person_id')
    .orderBy(sql`coalesce(integration_id, 0)`)
    .orderBy(sql`source <> 'local'`)
    .orderBy('id')
    .execute()
  return rows.map(({ id, person_id, kind, identifier, integration_id, found_id }) => ({
    id,
    principal: {
      user: person_id as UserId,
      kind,
      identifier,
      ...(integration_id === null ? {} : { integration: integration_id as IntegrationId }),
      ...(found_id === null ? {} : { isAnother: true }),
    },
  }))
}

/** One data source as it is now, in the eyes of this transaction. */
export async function dataSourceFact(tx: Tx, id: number): Promise<DataSource | undefined> {
  const [found] = await dataSourceFacts(tx, [id])
  return found
}

/** Those that are there, by id. */
export async function dataSourceFacts(tx: Tx, ids: readonly number[]): Promise<DataSource[]> {
  return dataSources(tx, { ids })
}

export async function dataSources(tx: Tx, part: Part): Promise<DataSource[]> {
  const rows = await tx
    .selectFrom('data_source')
    .where('state', '<>', 'deleted')
    .where(within('id', part))
    .select(['id', 'name', 'integration_id', 'bucket', 'key', 'kind', 'state'])
    .orderBy('id')
    .execute()
  const tags = await tx
    .selectFrom('data_source_tag')
    .where(within('data_source_id', part))
    .select(['data_source_id', 'tag'])
    .orderBy('tag')
    .execute()
  const byHand = await tx
    .selectFrom('data_source_domain')
    .where(within('data_source_id', part))
    .select(['data_source_id', 'domain'])
    .orderBy('domain')
    .execute()
  const tagsOf = Map.groupBy(tags, row => row.data_source_id)
  const domainsOf = Map.groupBy(byHand, row => row.data_source_id)
  return rows.map(({ id, name, integration_id, bucket, key, kind, state }) => ({
    id: id as DataSourceId,
    name,
    integration: integration_id as IntegrationId,
    scope: { bucket, key, kind },
    tags: (tagsOf.get(id) ?? []).map(({ tag }) => tag),
    domains: (domainsOf.get(id) ?? []).map(({ domain }) => domain),
    disabled: state !== 'active',
  }))
}

/** All, or those of these names. */
export async function domains(tx: Tx, names?: readonly string[]): Promise<Domain[]> {
  const some = names === undefined ? sql<boolean>`true` : sql<boolean>`name = any(${names})`
  return tx
    .selectFrom('domain')
    .where(some)
    .select([
      'name',
      sql<string[]>`array(select tag from domain_tag where domain_tag.domain = domain.name order by tag)`.as('tags'),
    ])
    .orderBy('name')
    .execute()
}

/** What owners picked for these data sources. */
export async function selectionsFor(tx: Tx, ids: readonly number[]): Promise<Selection[]> {
  return selections(tx, { ids })
}

export async function selections(tx: Tx, part: Part): Promise<Selection[]> {
  const rows = await tx
    .selectFrom('policy_selection')
    .where(within('data_source_id', part))
    .select(['policy_id', 'data_source_id'])
    .orderBy('data_source_id')
    .orderBy('policy_id')
    .execute()
  return rows.map(row => ({ policy: row.policy_id as PolicyId, dataSource: row.data_source_id as DataSourceId }))
}

export async function subscriptions(tx: Tx, part: Part): Promise<Subscription[]> {
  const rows = await tx
    .selectFrom('subscription')
    .where(within('data_source_id', part))
    .select(['person_id', 'data_source_id', 'level'])
    .orderBy('data_source_id')
    .orderBy('person_id')
    .orderBy('level')
    .execute()
  return rows.map(({ person_id, data_source_id, level }) => ({
    user: person_id as UserId,
    dataSource: data_source_id as DataSourceId,
    level,
  }))
}

export async function members(tx: Tx, part: Part): Promise<Member[]> {
  const rows = await tx
    .selectFrom('member')
    .where(within('id', part))
    .select(['id', 'data_source_id', 'person_id', 'group_id', 'level', 'until'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, data_source_id, person_id, group_id, level, until }) => ({
    id: id as MemberId,
    dataSource: data_source_id as DataSourceId,
    // One of the two is there: a check of the table.
    subject: person_id === null ? { group: group_id as GroupId } : { user: person_id as UserId },
    level,
    ...(until === null ? {} : { until }),
  }))
}

/** What of them is published: those with tagged data sources. All, or those of these ids. */
export async function dataProducts(tx: Tx, ids?: readonly string[]): Promise<DataProduct[]> {
  const some = ids === undefined ? sql<boolean>`true` : sql<boolean>`data_product.id = any(${ids})`
  const rows = await tx
    .selectFrom('data_product')
    .innerJoin('data_product_source', 'product_id', 'data_product.id')
    .where(some)
    .groupBy('data_product.id')
    .select([
      'data_product.id',
      'levels',
      sql<DataSourceId[]>`json_agg(data_source_id order by data_source_id)`.as('dataSources'),
    ])
    .orderBy('data_product.id')
    .execute()
  return rows.map(({ id, levels, dataSources: tagged }) => ({ id: id as DataProductId, dataSources: tagged, levels }))
}

/** Those that nobody has ended; whether their time is over is not asked here. */
export async function memberships(tx: Tx, part: Part): Promise<Membership[]> {
  const rows = await tx
    .selectFrom('membership')
    .where('ended_at', 'is', null)
    .where(within('id', part))
    .select(['id', 'person_id', 'product_id', 'level', 'until'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, person_id, product_id, level, until }) => ({
    id: id as MembershipId,
    user: person_id as UserId,
    product: product_id as DataProductId,
    level,
    ...(until === null ? {} : { until }),
  }))
}
