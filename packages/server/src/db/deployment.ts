/** The one row about this deployment. */
import type { Kysely } from 'kysely'
import type { Database } from './schema.ts'

export async function tenantId(db: Kysely<Database>): Promise<string> {
  return (await db.selectFrom('tenant').select('id').executeTakeFirstOrThrow()).id
}
