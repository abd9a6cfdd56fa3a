/** Integrations and their ledger as if every grant of a filled sandbox had been made an hour ago, and some more. */
import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { account, grantOf, locationId, locationRole, region } from '../../../../bench/lib/filled-sandbox.ts'
import type { Db } from '../../src/db/open.ts'
import type { Sealed } from '../../src/secrets.ts'

export interface Fill {
  readonly integrations: number
  readonly grants: number
  /** Rows more than there are grants in AWS. */
  readonly missing: number
  readonly accessKeyId: string
  readonly seal: (intent: string) => Sealed
}

export async function fillLedger(db: Db, { integrations, grants, missing, accessKeyId, seal }: Fill): Promise<void> {
  const each = Math.floor(grants / integrations)
  await sql`insert into person (userid, name, kind)
    select 'person-' || n, 'Person', 'person' from generate_series(0, 99) n`.execute(db.kysely)
  for (let at = 0; at < integrations; at += 1) {
    const intent = randomUUID()
    const { id } = await db.kysely
      .insertInto('integration')
      .values({
        intent,
        name: `lake ${at}`,
        account_id: account,
        region,
        location_role: locationRole,
        location_path: `s3://lake-${at}/`,
        authentication_type: 'accessKey',
        access_key_id: accessKeyId,
        secret_access_key: JSON.stringify(seal(intent)),
        status: 'enabled',
        validation: JSON.stringify({ status: 'passed', validationTests: [] }),
        aws_location_id: locationId(at),
      })
      .returning('id')
      .executeTakeFirstOrThrow()
    await sql`insert into leadership (integration_id, epoch) values (${id}, 1)`.execute(db.kysely)
    await sql`insert into data_source (name, integration_id, account_id, region, prefix, bucket, key, kind, created_by)
      select 'lake ' || ${at}::text || ' ' || n, ${id}, ${account}, ${region}, 'source-' || n || '/*',
        'lake-' || ${at}::text, 'source-' || n || '/', 'prefix', (select min(id) from person)
      from generate_series(0, ${Math.ceil(each / 100)}::int) n`.execute(db.kysely)
    const more = at < missing % integrations ? 1 : 0
    const count = each + Math.floor(missing / integrations) + more
    for (let from = 0; from < count; from += 5000) {
      const rows = Array.from({ length: Math.min(5000, count - from) }, (_, n) => grantOf(at, from + n))
      await insertRows(db, id, rows)
    }
  }
  await sql`analyze`.execute(db.kysely)
}

async function insertRows(db: Db, integration: number, rows: readonly ReturnType<typeof grantOf>[]): Promise<void> {
  await sql`insert into ledger (integration_id, data_source_id, person_id, grantee_type, grantee_id, bucket, key, kind,
      permission, state, aws_grant_id, because, cause, epoch, active_at, updated_at)
    select ${integration}, d.id, p.id, 'IAM', g.grantee, g.bucket, g.key, 'prefix', 'READ', 'active', g.id, '[]', 'filled',
      1, now() - interval '1 hour', now() - interval '1 hour'
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as g(id text, person int, grantee text, "dataSource" int,
      bucket text, key text)
    join person p on p.userid = 'person-' || g.person
    join data_source d on d.integration_id = ${integration} and d.key = g.key`.execute(db.kysely)
}
