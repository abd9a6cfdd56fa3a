/**
 * The ledger as its leader reads and writes it. What it intends is committed before AWS is called, what came of it
 * right after; each write is one statement, whatever the number of rows, and changes nothing once the epoch is over.
 * No row is ever deleted.
 */
import type {
  DataSourceId,
  DesiredGrant,
  HeldBy,
  Instant,
  IntegrationId,
  LedgerRow,
  LedgerState,
  OwnReason,
  UserId,
} from '@headgate/core'
import { sql } from 'kysely'
import { act, system, type Tx } from './act.ts'
import { type ChangedGrant, tellGrants } from './grants-changed.ts'
import { type Leadership, LeadershipLost } from './leadership.ts'
import type { Db } from './open.ts'

/** A row of the ledger with what the calls need besides what the plan reads. */
export interface StoredGrant extends LedgerRow {
  /** Tags the grant in AWS. */
  readonly intent: string
  readonly because: readonly OwnReason[]
  readonly updatedAt: Instant
  /** What brought about the row's last change; for what is held: its becoming unwanted. */
  readonly cause: string
  /** Whether that cause counts with the brake. */
  readonly isCounted: boolean
  readonly revokingAt?: Instant
}

/** Some rows: those of these people, and those that others have for the same grantees in AWS. */
export interface LedgerPart {
  readonly people: readonly UserId[]
  readonly grantees: readonly string[]
}

/** The integration's rows that are not over; oldest first. */
export async function loadLedger(tx: Tx, integration: IntegrationId, part?: LedgerPart): Promise<StoredGrant[]> {
  const rows = await tx
    .selectFrom('ledger')
    .selectAll()
    .where('integration_id', '=', integration)
    .where('state', 'not in', ['revoked', 'abandoned'])
    .$if(part !== undefined, query =>
      query.where(({ or }) =>
        or([sql<boolean>`person_id = any(${part?.people})`, sql<boolean>`grantee_id = any(${part?.grantees})`]),
      ),
    )
    .orderBy('id')
    .execute()
  return rows.map(row => ({
    id: row.id,
    intent: row.intent,
    user: row.person_id as UserId,
    dataSource: row.data_source_id as DataSourceId,
    grantee: { type: row.grantee_type, identifier: row.grantee_id },
    scope: { bucket: row.bucket, key: row.key, kind: row.kind },
    permission: row.permission,
    state: row.state,
    because: row.because as readonly OwnReason[],
    attempts: row.attempts,
    updatedAt: row.updated_at,
    cause: row.cause,
    isCounted: row.counted,
    ...(row.next_try_at === null ? {} : { nextTryAt: row.next_try_at }),
    ...(row.active_at === null ? {} : { activeAt: row.active_at }),
    ...(row.aws_grant_id === null ? {} : { awsGrantId: row.aws_grant_id }),
    ...(row.revoking_at === null ? {} : { revokingAt: row.revoking_at }),
    ...(row.held === null ? {} : { held: row.held }),
    ...(row.released_at === null ? {} : { isReleased: true }),
    ...(row.unanswered ? { isUnanswered: true } : {}),
  }))
}

/** Whose held grants have something to do with what has ended, by hand or by a date, as far as the ledger does not say so. */
export async function holdersOfEnded(
  tx: Tx,
  integration: IntegrationId,
  ended: {
    readonly users: readonly number[]
    readonly dataSources: readonly number[]
    readonly members: readonly number[]
    readonly memberships: readonly number[]
    readonly policies: readonly number[]
    readonly subscriptions: readonly string[]
  },
  now: Instant,
): Promise<UserId[]> {
  const { rows } = await sql<{ user: UserId }>`
    select distinct person_id as user from ledger
    where integration_id = ${integration} and held is not null and counted and state = 'active' and (
      person_id = any(${ended.users}) or data_source_id = any(${ended.dataSources})
      or data_source_id || '/' || person_id = any(${ended.subscriptions})
      or exists (select from jsonb_array_elements(because) reason
        where (reason ->> 'until')::float8 <= ${now}
          or reason ->> 'kind' = 'member' and (reason ->> 'id')::bigint = any(${ended.members})
          or reason ->> 'kind' = 'membership' and (reason ->> 'id')::bigint = any(${ended.memberships})
          or reason ->> 'kind' = 'policy' and (reason ->> 'id')::bigint = any(${ended.policies})))`.execute(tx)
  return rows.map(({ user }) => user)
}

/** What the brake looks back on. */
export interface BrakeHour {
  /** Counted revocations begun within the last hour. */
  readonly counted: number
  /** Grants in AWS, and those counted ones that are gone. */
  readonly grants: number
}

export async function countedWithinHour(tx: Tx, integration: IntegrationId): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*) as n from ledger
    where integration_id = ${integration} and counted and revoking_at > now() - interval '1 hour'`.execute(tx)
  return rows[0]?.n ?? 0
}

/** Looks at every live row: only for a plan that the cheaper number does not let through. */
export async function brakeHour(tx: Tx, integration: IntegrationId): Promise<BrakeHour> {
  const counted = await countedWithinHour(tx, integration)
  const { rows } = await sql<{ n: number }>`
    select (select count(*) from ledger where integration_id = ${integration}
        and state in ('active', 'revoking', 'revokeFailed'))
      + (select count(*) from ledger where integration_id = ${integration}
        and counted and revoking_at > now() - interval '1 hour' and state = 'revoked') as n`.execute(tx)
  return { counted, grants: rows[0]?.n ?? 0 }
}

/** What has become of the row that a grant's tag names; undefined where the ledger has none. */
export async function stateOfIntent(
  db: Db,
  integration: IntegrationId,
  intent: string,
): Promise<LedgerState | undefined> {
  const row = await db.kysely
    .selectFrom('ledger')
    .where('integration_id', '=', integration)
    // As text: whatever somebody wrote into the tag is no error here.
    .where(sql<string>`intent::text`, '=', intent)
    .select('state')
    .executeTakeFirst()
  return row?.state
}

export interface NewGrant {
  readonly grant: DesiredGrant
  readonly cause: string
}

export interface Hold {
  readonly row: StoredGrant
  readonly by: HeldBy
  readonly cause: string
  readonly isCounted: boolean
}

/** What a plan writes before the first call. */
export interface Intentions {
  /** null only where nothing is to be done. */
  readonly run: number | null
  readonly drop: readonly { readonly row: StoredGrant; readonly cause: string }[]
  readonly revoke: readonly { readonly row: StoredGrant; readonly cause: string; readonly isCounted: boolean }[]
  /** Unwanted rows that stay for now. */
  readonly hold: readonly Hold[]
  /** Rows that are wanted after all: held no more. */
  readonly unhold: readonly StoredGrant[]
  /** Rows whose reasons are other ones now. */
  readonly explain: readonly { readonly row: StoredGrant; readonly because: readonly OwnReason[] }[]
  readonly create: readonly NewGrant[]
}

/** Answers the new rows, in the order of `create`. For a transaction that asserts the leadership. */
export async function writeIntentions(tx: Tx, lead: Leadership, intentions: Intentions): Promise<StoredGrant[]> {
  // First, since a new row may take the place of one that ends here.
  await endOrMark(tx, lead, intentions.run, 'revoked', intentions.drop)
  await endOrMark(tx, lead, intentions.run, 'revoking', intentions.revoke)
  await holdBack(tx, intentions.run, intentions.hold)
  await unhold(tx, intentions.unhold)
  await explain(tx, intentions.explain)
  return insertIntents(tx, lead, intentions)
}

/** Says that the call is about to be made. Throws LeadershipLost, and then it must not be. */
export async function markCreating(db: Db, lead: Leadership, rows: readonly StoredGrant[]): Promise<void> {
  if (rows.length === 0) return
  const { rows: marked } = await sql`
    with leader as (${leaderOf(lead)})
    update ledger set state = 'creating', epoch = ${lead.epoch}, updated_at = clock_timestamp()
    from leader where id = any(${rows.map(({ id }) => id)}) returning id`.execute(db.kysely)
  if (marked.length < rows.length) throw new LeadershipLost(lead)
}

/** What came of a call. */
export interface Outcome {
  readonly id: number
  readonly state: Exclude<LedgerState, 'abandoned'>
  readonly awsGrantId?: string
  readonly failure?: { readonly code: string; readonly text: string; readonly retryInMs: number }
  /** Whether a create may yet come true; absent: as before. */
  readonly isUnanswered?: boolean
}

/**
 * Writes outcomes to rows that are `creating` or `revoking`; to others nothing is owed. What AWS was told is audited with
 * them. Throws LeadershipLost.
 */
export async function writeOutcomes(db: Db, lead: Leadership, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return
  const rows = outcomes.map(({ id, state, awsGrantId, failure, isUnanswered: unanswered }) => {
    return { id, state, grant: awsGrantId, unanswered, ...failure }
  })
  const { result: written } = await act(db, system, async doing => {
    const { rows: stored } = await sql<ChangedGrant & { readonly what: ChangedGrant['what'] | null }>`
    with leader as (${leaderOf(lead)}),
    before as (select id, state from ledger where id = any(${rows.map(({ id }) => id)}::bigint[]))
    update ledger l set
      state = o.state,
      aws_grant_id = coalesce(o."grant", l.aws_grant_id),
      attempts = case when o.code is not null then l.attempts + 1 when o.state = 'intended' then l.attempts else 0 end,
      next_try_at = clock_timestamp() + o."retryInMs" * interval '1 ms',
      error_code = o.code,
      error_text = o.text,
      active_at = case when o.state = 'active' then coalesce(l.active_at, clock_timestamp()) else l.active_at end,
      revoked_at = case when o.state = 'revoked' then clock_timestamp() else l.revoked_at end,
      -- Handed back, since somebody set another mode: unwanted for the cause it has, never revoked, counted by no hour.
      held = case when o.state = 'active' and l.state = 'revoking' then 'mode' else l.held end,
      held_at = case when o.state = 'active' and l.state = 'revoking' then clock_timestamp() else l.held_at end,
      revoking_at = case when o.state = 'active' then null else l.revoking_at end,
      revoke_run_id = case when o.state = 'active' then null else l.revoke_run_id end,
      unanswered = coalesce(o.unanswered, l.unanswered),
      epoch = ${lead.epoch},
      -- What stays unsettled keeps the time of its call.
      updated_at = case when o.state = 'creating' then l.updated_at else clock_timestamp() end
    from leader, before, ${recordset(
      rows,
      `id bigint, state text, "grant" text, code text, text text, "retryInMs" float8,
      unanswered boolean`,
    )}
    where l.id = o.id and before.id = o.id and l.state in ('creating', 'revoking')
    returning l.id, l.integration_id, l.data_source_id, l.person_id, l.grantee_id, l.bucket, l.key, l.kind, l.permission,
      l.aws_grant_id, l.cause, case when o.state = 'revoked' then l.revoke_run_id else l.run_id end as run_id,
      case when o.state = 'revoked' and (before.state = 'revoking' or l.aws_grant_id is not null) then 'revoked'
        when o.state = 'active' and before.state = 'creating' then 'created' end as what`.execute(doing.tx)
    tellGrants(
      doing,
      stored.flatMap(row => (row.what === null ? [] : [{ ...row, what: row.what }])),
    )
    return stored.length
  })
  if (written < outcomes.length) throw new LeadershipLost(lead)
}

/** One row while that epoch lasts, none after; nobody else begins one before the statement has ended. */
function leaderOf({ integration, epoch }: Leadership) {
  return sql`select 1 from leadership where integration_id = ${integration} and epoch = ${epoch} for share`
}

async function endOrMark(
  tx: Tx,
  { epoch }: Leadership,
  run: number | null,
  state: 'revoked' | 'revoking',
  changes: readonly { readonly row: StoredGrant; readonly cause: string; readonly isCounted?: boolean }[],
): Promise<void> {
  if (changes.length === 0) return
  const rows = changes.map(({ row, cause, isCounted: counted = false }) => ({ id: row.id, cause, counted }))
  await sql`
    update ledger l set
      state = ${state},
      cause = o.cause,
      revoke_run_id = coalesce(${run}, l.revoke_run_id),
      -- Counted once, when its revocation was begun.
      counted = case when l.revoking_at is null then o.counted else l.counted end,
      held = null,
      epoch = ${epoch},
      next_try_at = null,
      revoking_at = coalesce(l.revoking_at, clock_timestamp()),
      revoked_at = case when ${state} = 'revoked' then clock_timestamp() end,
      updated_at = clock_timestamp()
    from ${recordset(rows, 'id bigint, cause text, counted boolean')} where l.id = o.id`.execute(tx)
}

async function holdBack(tx: Tx, run: number | null, holds: readonly Hold[]): Promise<void> {
  if (holds.length === 0) return
  const rows = holds.map(({ row, by, cause, isCounted: counted }) => ({ id: row.id, by, cause, counted }))
  await sql`
    update ledger l set
      held = o.by,
      held_at = coalesce(case when l.held = o.by then l.held_at end, clock_timestamp()),
      -- Held on, for a cause of which more is known: the run to release stays the same.
      held_run_id = case when o.by = 'brake' then case when l.held = 'brake' then l.held_run_id else ${run}::bigint end end,
      released_at = case when o.by = 'mode' then l.released_at end,
      cause = o.cause,
      counted = o.counted,
      updated_at = clock_timestamp()
    from ${recordset(rows, 'id bigint, by text, cause text, counted boolean')} where l.id = o.id`.execute(tx)
}

async function unhold(tx: Tx, rows: readonly StoredGrant[]): Promise<void> {
  if (rows.length === 0) return
  await sql`
    update ledger set held = null, held_at = null, held_run_id = null, released_at = null, counted = false,
      updated_at = clock_timestamp()
    where id = any(${rows.map(({ id }) => id)})`.execute(tx)
}

async function explain(tx: Tx, changes: Intentions['explain']): Promise<void> {
  if (changes.length === 0) return
  const rows = changes.map(({ row, because }) => ({ id: row.id, because }))
  await sql`
    update ledger l set because = o.because
    from ${recordset(rows, 'id bigint, because jsonb')} where l.id = o.id`.execute(tx)
}

async function insertIntents(
  tx: Tx,
  { integration, epoch }: Leadership,
  { run, create }: Intentions,
): Promise<StoredGrant[]> {
  if (create.length === 0) return []
  const rows = create.map(({ grant, cause }, index) => ({
    index,
    person: grant.user,
    source: grant.dataSource,
    type: grant.grantee.type,
    grantee: grant.grantee.identifier,
    ...grant.scope,
    permission: grant.permission,
    because: grant.because,
    cause,
  }))
  const columns = `index int, person bigint, source bigint, type text, grantee text, bucket text, key text, kind text,
    permission text, because jsonb, cause text`
  const { rows: stored } = await sql<{ id: number; intent: string; updated_at: Instant; key: string }>`
    insert into ledger (integration_id, data_source_id, person_id, grantee_type, grantee_id, bucket, key, kind,
      permission, because, cause, run_id, epoch)
    select ${integration}, o.source, o.person, o.type, o.grantee, o.bucket, o.key, o.kind, o.permission, o.because,
      o.cause, ${run}, ${epoch}
    from ${recordset(rows, columns)} order by o.index
    returning id, intent, updated_at, ${storedKey} as key`.execute(tx)
  const byKey = new Map(stored.map(row => [row.key, row]))
  return create.map(({ grant, cause }) => {
    const row = byKey.get(keyOf(grant))
    if (!row) throw new Error(`the intent for \`${keyOf(grant)}\` was not stored`)
    const { id, intent, updated_at: updatedAt } = row
    return { ...grant, id, intent, updatedAt, cause, isCounted: false, state: 'intended' as const, attempts: 0 }
  })
}

/** Unique among live rows: the index `ledger_grant`. */
const storedKey = sql`permission || ' ' || grantee_type || ' ' || grantee_id || ' ' || kind || ' ' || bucket || ' ' || key`

function keyOf({ permission, grantee, scope }: DesiredGrant): string {
  return `${permission} ${grantee.type} ${grantee.identifier} ${scope.kind} ${scope.bucket} ${scope.key}`
}

function recordset(rows: readonly object[], columns: string) {
  return sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as o(${sql.raw(columns)})`
}
