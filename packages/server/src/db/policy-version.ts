/** Every version that a policy ever had. Written once, never changed or deleted: those of a deleted policy stay. */
import { Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Act } from './act.ts'
import { type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type PolicyVersionRow = Selectable<Database['policy_version']> & {
  readonly creator: string | null
  /** The reach of all the policy's versions. */
  readonly domain: string | null
  readonly data_source_id: number | null
  readonly source: string | null
}

export interface VersionName {
  readonly policy: number
  readonly version: number
}

/** What made a version, and whose content it took over. */
export type Made =
  | { readonly change: Exclude<PolicyVersionRow['change'], 'cloned' | 'restored'>; readonly from?: never }
  | { readonly change: 'cloned' | 'restored'; readonly from: VersionName }

/** Keeps the policy's present row as its newest version. */
export async function storeVersion(
  { tx, actor }: Act,
  { id, version, name, state, definition }: Selectable<Database['policy']>,
  { change, from }: Made,
): Promise<void> {
  await tx
    .insertInto('policy_version')
    .values({
      policy_id: id,
      version,
      name,
      state,
      definition: JSON.stringify(definition),
      created_by: actor.id ?? null,
      change,
      from_policy: from?.policy ?? null,
      from_version: from?.version ?? null,
    })
    .execute()
}

/** Newest first. Throws Problem `policy-not-found` where there never was such a policy. */
export async function listPolicyVersions(
  db: Reader,
  policy: number,
  query: PageQuery,
): Promise<Page<PolicyVersionRow>> {
  const before = readVersion(readCursor(query.cursor))
  const { total } = await db
    .selectFrom('policy_version')
    .where('policy_id', '=', policy)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  if (total === 0) throw new Problem('policy-not-found', { id: policy })
  const rows = await versionsOf(db, policy)
    .$if(before !== undefined, chosen => chosen.where('policy_version.version', '<', before as number))
    .orderBy('policy_version.version', 'desc')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => String(row.version))
}

/** @throws Problem `policy-not-found`, `policy-version-not-found` */
export async function findPolicyVersion(db: Reader, policy: number, version: number): Promise<PolicyVersionRow> {
  const row = await versionsOf(db, policy).where('policy_version.version', '=', version).executeTakeFirst()
  if (row) return row
  const first = await versionsOf(db, policy).limit(1).executeTakeFirst()
  if (!first) throw new Problem('policy-not-found', { id: policy })
  throw new Problem('policy-version-not-found', { id: policy, version })
}

const highestVersion = 2_147_483_647 // integer

function readVersion(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const version = Number(text)
  // A cursor of another list: begin where nothing is left rather than repeat.
  return Number.isInteger(version) && version <= highestVersion ? version : 0
}

function versionsOf(db: Reader, policy: number) {
  return db
    .selectFrom('policy_version')
    .innerJoin('policy', 'policy.id', 'policy_version.policy_id')
    .leftJoin('person', 'person.id', 'policy_version.created_by')
    .leftJoin('data_source', 'data_source.id', 'policy.data_source_id')
    .where('policy_id', '=', policy)
    .selectAll('policy_version')
    .select(['person.userid as creator', 'policy.domain', 'policy.data_source_id', 'data_source.name as source'])
}
