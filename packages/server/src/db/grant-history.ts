/** The ledger at a moment in the past: which grants AWS held then, by the times that their outcomes were written. */
import { type Instant, printScope } from '@headgate/core'
import type { PastAccessRow } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Database } from './schema.ts'

export interface PastGrant {
  readonly person: number
  readonly dataSource: number
  readonly shown: PastAccessRow['grants'][number]
}

/** On these data sources, of one person or of everybody. */
export async function grantsAt(
  db: Kysely<Database>,
  at: Instant,
  of: { readonly dataSources: readonly number[]; readonly user?: number | undefined },
): Promise<PastGrant[]> {
  const rows = await heldAt(db, at)
    .where('data_source_id', '=', sql<number>`any(${of.dataSources})`)
    .$if(of.user !== undefined, chosen => chosen.where('person_id', '=', of.user as number))
    .select(['id', 'person_id', 'data_source_id', 'grantee_type', 'grantee_id', 'bucket', 'key', 'kind', 'permission'])
    .select(['active_at', 'revoked_at'])
    .orderBy('id')
    .execute()
  return rows.map(row => ({
    person: row.person_id,
    dataSource: row.data_source_id,
    shown: {
      id: row.id,
      grantee: { type: row.grantee_type, identifier: row.grantee_id },
      scope: printScope({ bucket: row.bucket, key: row.key, kind: row.kind }),
      permission: row.permission,
      activeAt: printTime(row.active_at as Instant),
      ...(row.revoked_at === null ? {} : { revokedAt: printTime(row.revoked_at) }),
    },
  }))
}

/** Where anything was granted then, by id. */
export async function dataSourcesGrantedAt(db: Kysely<Database>, at: Instant, user?: number): Promise<number[]> {
  const rows = await heldAt(db, at)
    .$if(user !== undefined, chosen => chosen.where('person_id', '=', user as number))
    .select('data_source_id')
    .distinct()
    .orderBy('data_source_id')
    .execute()
  return rows.map(row => row.data_source_id)
}

function heldAt(db: Kysely<Database>, at: Instant) {
  // To the millisecond, as the times are shown: at `activeAt` it is there, at `revokedAt` no more.
  const next = sql<number>`${new Date(at + 1)}::timestamptz`
  return db
    .selectFrom('ledger')
    .where('active_at', '<', next)
    .where(({ eb, or }) => or([eb('revoked_at', 'is', null), eb('revoked_at', '>=', next)]))
}

function printTime(instant: Instant): string {
  return new Date(instant).toISOString()
}
