/** Roles by which AWS knows people, what their trust policies say, and who of the directory is named there. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** By person; nothing of who has none. */
export async function rolesOf(db: Reader, people: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
  const rows = await db
    .selectFrom('principal')
    .where('person_id', '=', sql<number>`any(${people})`)
    .where('kind', '=', 'iamRole')
    .select(['person_id', 'identifier'])
    .distinct()
    .execute()
  const roles = new Map<number, string[]>()
  for (const { person_id: person, identifier } of rows) {
    roles.set(person, [...(roles.get(person) ?? []), identifier])
  }
  return roles
}

/** Of those of the roles whose trust policy was read. */
export async function trustPolicies(
  db: Reader,
  arns: readonly string[],
): Promise<{ readonly arn: string; readonly policy: string }[]> {
  const rows = await db
    .selectFrom('iam_role')
    .where('arn', '=', sql<string>`any(${arns})`)
    .where('trust_policy', 'is not', null)
    .select(['arn', 'trust_policy'])
    .execute()
  return rows.flatMap(({ arn, trust_policy: policy }) => (policy === null ? [] : [{ arn, policy }]))
}

/** Whose principals are among these, and who goes by these names: as a principal, as a user name or by e-mail. */
export async function holdersOf(
  db: Reader,
  arns: readonly string[],
  names: readonly string[],
): Promise<(of: { readonly arns: readonly string[]; readonly names: readonly string[] }) => number[]> {
  if (arns.length + names.length === 0) return () => []
  const lowNames = [...new Set(names.map(low))]
  const called = sql`
    union all select id, lower(userid), true from person
      where deleted_at is null and lower(userid) = any(${lowNames}::text[])
    union all select id, lower(email), true from person
      where deleted_at is null and lower(email) = any(${lowNames}::text[])`
  const { rows } = await sql<{ readonly id: number; readonly by: string; readonly isName: boolean }>`
    select person_id as id, identifier as by, false as "isName" from principal
      where identifier = any(${[...new Set([...arns, ...names])]}::text[])
    ${lowNames.length === 0 ? sql`` : called}`.execute(db)
  const byKey = Map.groupBy(rows, ({ by, isName }) => `${isName} ${by}`)
  const idsOf = (isName: boolean, by: string) => (byKey.get(`${isName} ${by}`) ?? []).map(({ id }) => id)
  return of => [
    ...[...of.arns, ...of.names].flatMap(identifier => idsOf(false, identifier)),
    ...of.names.flatMap(name => idsOf(true, low(name))),
  ]
}

function low(name: string): string {
  return name.toLowerCase()
}
