/** Roles by which AWS knows people, what their trust policies say, and who of the directory is named there. */
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

export async function rolesOf(db: Reader, person: number): Promise<string[]> {
  const rows = await db
    .selectFrom('principal')
    .where('person_id', '=', person)
    .where('kind', '=', 'iamRole')
    .select('identifier')
    .distinct()
    .execute()
  return rows.map(({ identifier }) => identifier)
}

/** Of those of the roles whose trust policy was read. */
export async function trustPolicies(db: Reader, arns: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('iam_role')
    .where('arn', '=', sql<string>`any(${arns})`)
    .where('trust_policy', 'is not', null)
    .select('trust_policy')
    .execute()
  return rows.flatMap(({ trust_policy }) => trust_policy ?? [])
}

/** Whose principals these are, and who goes by these names: as a principal, as a user name or by e-mail. */
export async function holdersOf(db: Reader, arns: readonly string[], names: readonly string[]): Promise<number[]> {
  if (arns.length + names.length === 0) return []
  const low = names.map(name => name.toLowerCase())
  const { rows } = await sql<{ id: number }>`
    select person_id as id from principal where identifier = any(${[...arns, ...names]}::text[])
    union select id from person where deleted_at is null
      and (lower(userid) = any(${low}::text[]) or lower(email) = any(${low}::text[]))`.execute(db)
  return rows.map(({ id }) => id)
}
