/** Which principals, accounts and resource policies it is time to ask AWS about; each is taken by one node. */
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Database } from './schema.ts'

type Db = Kysely<Database>
export type PrincipalRow = Selectable<Database['principal']>

/** Up to `most` that are due, longest waiting first; they are due again after the usual time. */
export async function takeDuePrincipals(db: Db, most: number, everyMs: number): Promise<PrincipalRow[]> {
  const due = db
    .selectFrom('principal')
    .where(sql<boolean>`check_due_at <= now()`)
    .orderBy('check_due_at')
    .limit(most)
    .forUpdate()
    .skipLocked()
    .select('id')
  return db
    .updateTable('principal')
    .set({ check_due_at: sql<Date>`now() + make_interval(secs => ${everyMs / 1000})` })
    .where('id', 'in', due)
    .returningAll()
    .execute()
}

export async function countPrincipals(db: Db): Promise<number> {
  const { count } = await db.selectFrom('principal').select(sql<number>`count(*)`.as('count')).executeTakeFirstOrThrow()
  return count
}

export async function principalsOf(db: Db, person: number): Promise<PrincipalRow[]> {
  return db.selectFrom('principal').selectAll().where('person_id', '=', person).orderBy('id').execute()
}

/** The row as it is now, if it still names the same; nobody else changes it until the transaction ends. */
export async function lockPrincipal(db: Db, { id, identifier }: PrincipalRow): Promise<PrincipalRow | undefined> {
  return db
    .selectFrom('principal')
    .selectAll()
    .where('id', '=', id)
    .where('identifier', '=', identifier)
    .forUpdate()
    .executeTakeFirst()
}

export async function markChecked(db: Db, id: number): Promise<void> {
  await db.updateTable('principal').set({ checked_at: sql<Date>`now()` }).where('id', '=', id).execute()
}

/** Makes all of an account's that were not looked at for that long due now; of every account without one. */
export async function hastenChecks(db: Db, accountId: string | undefined, olderThanMs: number): Promise<void> {
  await db
    .updateTable('principal')
    .set({ check_due_at: sql<Date>`now()` })
    .where(sql<boolean>`check_due_at > now()`)
    .where(sql<boolean>`coalesce(checked_at, 'epoch') <= now() - make_interval(secs => ${olderThanMs / 1000})`)
    .$if(accountId !== undefined, some => some.where(sql<boolean>`split_part(identifier, ':', 5) = ${accountId}`))
    .execute()
}

/** The accounts of integrations in use that were not asked for that long; taken by being asked for. */
export async function takeDueAccounts(db: Db, everyMs: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    insert into iam_account (account_id)
      select distinct account_id from integration where status not in ('deleted', 'disabled')
    on conflict (account_id) do update set read_at = now()
      where iam_account.read_at <= now() - make_interval(secs => ${everyMs / 1000})
    returning account_id as id`.execute(db)
  return rows.map(({ id }) => id)
}

export async function storeAccount(
  db: Db,
  account: { readonly accountId: string; readonly roles: number; readonly quota: number } | AccountProblem,
): Promise<void> {
  const told =
    'problem' in account
      ? { problem: account.problem }
      : { roles: account.roles, roles_quota: account.quota, problem: null }
  await db
    .updateTable('iam_account')
    .set({ ...told, read_at: sql<Date>`now()` })
    .where('account_id', '=', account.accountId)
    .execute()
}

export interface AccountProblem {
  readonly accountId: string
  readonly problem: string
}

/** Of integrations that somebody of another account may be served by; taken by being asked for. */
export async function takeDueVending(db: Db, everyMs: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    update integration set vending_read_at = now()
    where status in ('enabled', 'editError', 'recurringValidationError')
      and (vending_read_at is null or vending_read_at <= now() - make_interval(secs => ${everyMs / 1000}))
      and (vends_to <> '{}' or vending_policy is not null or exists (
        select from principal where kind <> 'identityCenterUser' and split_part(identifier, ':', 5) <> account_id
          and (integration_id is null or integration_id = integration.id)))
    returning id`.execute(db)
  return rows.map(({ id }) => id)
}

// ── Roles: what their trust policies say ──

type Breadth = Database['iam_role']['breadth']

export interface KnownRole {
  readonly arn: string
  /** JSON; null: AWS did not let it be read. */
  readonly trustPolicy: string | null
  readonly breadth: Breadth
  readonly problem: string | null
}

export async function storeRole(db: Db, { arn, trustPolicy, breadth, problem }: KnownRole): Promise<void> {
  const told = { trust_policy: trustPolicy, breadth, problem, read_at: sql<Date>`now()` }
  await db
    .insertInto('iam_role')
    .values({ arn, ...told })
    .onConflict(conflict => conflict.column('arn').doUpdateSet(told))
    .execute()
}

/** How many can assume each of these roles, as far as it was read. */
export async function breadthsOf(db: Db, arns: readonly string[]): Promise<Map<string, Breadth>> {
  if (arns.length === 0) return new Map()
  const rows = await db.selectFrom('iam_role').where('arn', 'in', arns).select(['arn', 'breadth']).execute()
  return new Map(rows.map(({ arn, breadth }) => [arn, breadth]))
}
