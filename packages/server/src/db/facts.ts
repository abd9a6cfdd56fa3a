/**
 * The tables as core's `Facts`: step 0 of the line.
 *
 * Fails closed: a stored policy that cannot be read (any more) lets nobody in, and where it is a guardrail lets nobody
 * through; either way it is named in the answer. What is deleted or staged is no fact.
 */
import type {
  AppliesTo,
  Attribute,
  Condition,
  DataSource,
  Expression,
  Facts,
  Group,
  Instant,
  Integration,
  IntegrationId,
  Member,
  Policy,
  PolicyId,
  Principal,
  User,
  UserId,
  Who,
} from '@headgate/core'
import { call, parseExpression, parseScope } from '@headgate/core'
import { api } from '@headgate/core/api'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { Tx } from './act.ts'

export interface LoadedFacts {
  readonly facts: Facts
  /** The last change that these facts are sure to contain. */
  readonly sequence: number
  /** Database time at the start of the transaction. */
  readonly now: Instant
  readonly unreadable: readonly UnreadablePolicy[]
}

export interface UnreadablePolicy {
  readonly id: PolicyId
  readonly name: string
  readonly kind: 'grant' | 'guardrail'
  readonly message: string
}

/** What to leave out. People, groups and policies are never narrowed by account. */
export interface FactsFilter {
  /** With `region`: integrations, data sources and members of that account and region only. */
  readonly accountId?: string
  readonly region?: string
  /** Of all people this one only: enough to say what one person reaches. */
  readonly personId?: number
}

/** All of it as of one moment when `tx` is a snapshot (`db.snapshot`); otherwise perhaps newer than `sequence`. */
export async function loadFacts(tx: Tx, filter: FactsFilter = {}): Promise<LoadedFacts> {
  // Read first: facts that are newer than their sequence are looked at once more, older ones would be missed.
  const { sequence, now } = await currentMoment(tx)
  const integrations = await loadIntegrations(tx, filter)
  const here = integrations.map(({ id }) => id)
  const { policies, unreadable } = await loadPolicies(tx)
  const facts: Facts = {
    integrations,
    users: await loadUsers(tx, filter),
    groups: await loadGroups(tx, filter),
    attributes: await loadAttributes(tx, filter),
    principals: await loadPrincipals(tx, filter),
    dataSources: await loadDataSources(tx, here),
    policies,
    members: await loadMembers(tx, here, filter),
  }
  return { facts, sequence, now, unreadable }
}

async function currentMoment(tx: Tx): Promise<{ sequence: number; now: Instant }> {
  return tx
    .selectFrom('fact_change')
    .select([sql<number>`coalesce(max(id), 0)`.as('sequence'), sql<Instant>`now()`.as('now')])
    .executeTakeFirstOrThrow()
}

async function loadIntegrations(tx: Tx, { accountId, region }: FactsFilter): Promise<Integration[]> {
  const rows = await tx
    .selectFrom('integration')
    .where('status', '<>', 'deleted')
    .$if(accountId !== undefined, query => query.where('account_id', '=', accountId as string))
    .$if(region !== undefined, query => query.where('region', '=', region as string))
    .select(['id', 'account_id', 'region', 'location_path', 'subsume_equal'])
    .orderBy('id')
    .execute()
  return rows.map(row => ({
    id: row.id as IntegrationId,
    accountId: row.account_id,
    region: row.region,
    locationPath: row.location_path,
    subsumeEqual: row.subsume_equal,
  }))
}

async function loadUsers(tx: Tx, { personId }: FactsFilter): Promise<User[]> {
  const rows = await tx
    .selectFrom('person')
    .where('deleted_at', 'is', null)
    .$if(personId !== undefined, query => query.where('id', '=', personId as number))
    .select(['id', 'userid', 'disabled'])
    .orderBy('id')
    .execute()
  return rows.map(({ id, userid, disabled }) => ({ id: id as UserId, userid, disabled }))
}

async function loadGroups(tx: Tx, { personId }: FactsFilter): Promise<Group[]> {
  const groups = await tx.selectFrom('people_group').select(['id', 'name']).orderBy('id').execute()
  const members = await tx
    .selectFrom('group_member')
    .$if(personId !== undefined, query => query.where('person_id', '=', personId as number))
    .select(['group_id', 'person_id'])
    // Two sources may say the same.
    .distinct()
    .orderBy('person_id')
    .execute()
  const byGroup = Map.groupBy(members, row => row.group_id)
  return groups.map(({ id, name }) => ({
    id: id as Group['id'],
    name,
    users: (byGroup.get(id) ?? []).map(row => row.person_id as UserId),
  }))
}

async function loadAttributes(tx: Tx, { personId }: FactsFilter): Promise<Attribute[]> {
  const ofPeople = await tx
    .selectFrom('person_attribute')
    .$if(personId !== undefined, query => query.where('person_id', '=', personId as number))
    .select(['person_id', 'key', 'value'])
    .distinct()
    .execute()
  const ofGroups = await tx.selectFrom('group_attribute').select(['group_id', 'key', 'value']).distinct().execute()
  return [
    ...ofPeople.map(({ person_id, key, value }) => ({ subject: { user: person_id as UserId }, key, value })),
    ...ofGroups.map(({ group_id, key, value }) => ({ subject: { group: group_id as Group['id'] }, key, value })),
  ]
}

async function loadPrincipals(tx: Tx, { personId }: FactsFilter): Promise<Principal[]> {
  const rows = await tx
    .selectFrom('principal')
    .$if(personId !== undefined, query => query.where('person_id', '=', personId as number))
    .select(['person_id', 'kind', 'identifier', 'integration_id'])
    .orderBy('id')
    .execute()
  return rows.map(({ person_id, kind, identifier, integration_id }) => ({
    user: person_id as UserId,
    kind,
    identifier,
    ...(integration_id === null ? {} : { integration: integration_id as IntegrationId }),
  }))
}

async function loadDataSources(tx: Tx, integrations: readonly IntegrationId[]): Promise<DataSource[]> {
  const rows = await tx
    .selectFrom('data_source')
    .where('state', '<>', 'deleted')
    .where('integration_id', '=', sql<number>`any(${integrations})`)
    .select(['id', 'name', 'integration_id', 'bucket', 'key', 'kind', 'state'])
    .orderBy('id')
    .execute()
  const tags = await tx
    .selectFrom('data_source_tag')
    .innerJoin('data_source', 'data_source.id', 'data_source_tag.data_source_id')
    .where('data_source.integration_id', '=', sql<number>`any(${integrations})`)
    .select(['data_source_id', 'tag'])
    .orderBy('tag')
    .execute()
  const tagsOf = Map.groupBy(tags, row => row.data_source_id)
  return rows.map(({ id, name, integration_id, bucket, key, kind, state }) => ({
    id: id as DataSource['id'],
    name,
    integration: integration_id as IntegrationId,
    scope: { bucket, key, kind },
    tags: (tagsOf.get(id) ?? []).map(({ tag }) => tag),
    disabled: state !== 'active',
  }))
}

async function loadMembers(
  tx: Tx,
  integrations: readonly IntegrationId[],
  { personId }: FactsFilter,
): Promise<Member[]> {
  const rows = await tx
    .selectFrom('member')
    .innerJoin('data_source', 'data_source.id', 'member.data_source_id')
    .where('data_source.integration_id', '=', sql<number>`any(${integrations})`)
    .$if(personId !== undefined, query =>
      query.where(({ or, eb }) => or([eb('person_id', '=', personId as number), eb('group_id', 'is not', null)])),
    )
    .select(['member.id', 'data_source_id', 'person_id', 'group_id', 'level', 'until'])
    .orderBy('member.id')
    .execute()
  return rows.map(({ id, data_source_id, person_id, group_id, level, until }) => ({
    id: id as Member['id'],
    dataSource: data_source_id as DataSource['id'],
    // One of the two is there: a check of the table.
    subject: person_id === null ? { group: group_id as Group['id'] } : { user: person_id as UserId },
    level,
    ...(until === null ? {} : { until }),
  }))
}

async function loadPolicies(tx: Tx): Promise<{ policies: Policy[]; unreadable: UnreadablePolicy[] }> {
  const rows = await tx
    .selectFrom('policy')
    .where('state', '=', 'active')
    .select(['id', 'version', 'name', 'definition'])
    .orderBy('id')
    .execute()
  const policies: Policy[] = []
  const unreadable: UnreadablePolicy[] = []
  for (const row of rows) {
    const { policy, message } = readPolicy(row)
    if (policy) policies.push(policy)
    if (message === undefined) continue
    const kind = policy?.kind ?? 'grant'
    unreadable.push({ id: row.id as PolicyId, name: row.name, kind, message })
  }
  return { policies, unreadable }
}

const storedShape = api.policies.edit.body.omit({ name: true, acknowledge: true })

/** True for nobody. */
const nobody: Expression = call('isUser')

interface PolicyRow {
  readonly id: number
  readonly version: number
  readonly name: string
  readonly definition: object
}

/** The policy that may be applied, if any, and what could not be read of the stored one. */
function readPolicy({ id, version, name, definition }: PolicyRow): { policy?: Policy; message?: string } {
  const row = { id: id as PolicyId, version, name }
  const stored = storedShape.safeParse(definition)
  if (!stored.success) return shutPolicy(row, definition, { everything: true }, 'its definition is damaged')
  const { kind, level } = stored.data
  const appliesTo = readAppliesTo(stored.data.appliesTo)
  if (!appliesTo) return shutPolicy(row, definition, { everything: true }, 'a scope it applies to cannot be read')
  const who = readWho(stored.data.who)
  if (typeof who === 'string') return shutPolicy(row, definition, appliesTo, who)
  return { policy: { ...row, kind, level, appliesTo, who } }
}

/** A grant policy gives nothing then; whatever else it is may be a minimum, which nobody is known to meet. */
function shutPolicy(
  row: Pick<Policy, 'id' | 'version' | 'name'>,
  definition: object,
  appliesTo: AppliesTo,
  message: string,
): { policy?: Policy; message: string } {
  if ('kind' in definition && definition.kind === 'grant') return { message }
  // A READ guardrail bars from writing too.
  return { policy: { ...row, kind: 'guardrail', level: 'READ', appliesTo, who: { when: nobody } }, message }
}

type StoredShape = z.output<typeof storedShape>

function readAppliesTo(stored: StoredShape['appliesTo']): AppliesTo | undefined {
  if ('everything' in stored) return stored
  const written = 'any' in stored ? stored.any : stored.all
  const conditions = written.map(readCondition).filter(condition => condition !== undefined)
  if (conditions.length < written.length) return undefined
  return 'any' in stored ? { any: conditions } : { all: conditions }
}

function readCondition(
  stored: Extract<StoredShape['appliesTo'], { any: unknown }>['any'][number],
): Condition | undefined {
  if ('integration' in stored) return { integration: stored.integration as IntegrationId }
  if (!('scope' in stored)) return stored
  const parsed = parseScope(stored.scope)
  return parsed.ok ? { scope: parsed.scope } : undefined
}

/** A text where the expression cannot be read. */
function readWho(stored: StoredShape['who']): Who | string {
  if ('everyone' in stored) return stored
  const parsed = parseExpression(stored.when)
  return parsed.ok ? { when: parsed.expression } : (parsed.errors[0]?.message ?? 'its expression cannot be read')
}
