/** What in the database hangs on the Identity Center of an account and region. */
import { type Kysely, sql } from 'kysely'
import { type IntegrationRow, isInUse, listIntegrations } from './integration.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
/** The cause of the change that has everybody of the directory looked at again. */
export const identityCenterAssociated = 'identity-center-associated'

type Place = Pick<IntegrationRow, 'account_id' | 'region'>

/** The integrations in use of an account and region: its one association is that of all of them. */
export async function integrationsAt(db: Reader, place: Place): Promise<IntegrationRow[]> {
  const all = await listIntegrations(db)
  return all.filter(row => row.account_id === place.account_id && row.region === place.region && isInUse(row))
}

/** Grants to people of the directory that are in AWS, on their way there or on their way out. */
export async function countDirectoryGrants(db: Reader, place: Place): Promise<number> {
  const { count } = await db
    .selectFrom('ledger')
    .innerJoin('integration', 'integration.id', 'ledger.integration_id')
    .where('integration.account_id', '=', place.account_id)
    .where('integration.region', '=', place.region)
    .where('ledger.grantee_type', '=', 'DIRECTORY_USER')
    .where('ledger.state', 'not in', ['revoked', 'abandoned'])
    .select(sql<number>`count(*)`.as('count'))
    .executeTakeFirstOrThrow()
  return count
}
