/** Identity providers as they are stored. The client's secret is sealed, and leaves this file in no other form. */
import { lookAlike } from '@headgate/core'
import { type OidcSettings, Problem } from '@headgate/core/api'
import { type Kysely, type Selectable, sql } from 'kysely'
import type { Sealed } from '../secrets.ts'
import type { Act, AuditTarget, Tx } from './act.ts'
import { containing, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>
export type ProviderRow = Selectable<Database['identity_provider']>

export interface CountedProvider extends ProviderRow {
  readonly people: number
  readonly groups: number
}

/** @throws Problem `identity-provider-not-found` */
export async function getProvider(db: Reader, id: number): Promise<CountedProvider> {
  const row = await counted(db).where('id', '=', id).executeTakeFirst()
  if (!row) throw new Problem('identity-provider-not-found', { id })
  return row
}

/** By name. */
export async function listProviders(db: Reader, query: PageQuery): Promise<Page<CountedProvider>> {
  const pattern = containing(query.search ?? '')
  const { total } = await db
    .selectFrom('identity_provider')
    .where('name', 'ilike', pattern)
    .select(sql<number>`count(*)`.as('total'))
    .executeTakeFirstOrThrow()
  const after = readCursor(query.cursor)
  const rows = await counted(db)
    .where('name', 'ilike', pattern)
    .$if(after !== undefined, chosen => chosen.where('name', '>', after as string))
    .orderBy('name')
    .limit(query.limit + 1)
    .execute()
  return toPage(rows, query.limit, total, row => row.name)
}

/** Those through which one may sign in now, by name. */
export async function providersToSignIn(db: Reader): Promise<{ id: number; name: string }[]> {
  return db
    .selectFrom('identity_provider')
    .where('enabled', '=', true)
    .where('oidc', 'is not', null)
    .select(['id', 'name'])
    .orderBy('name')
    .execute()
}

function counted(db: Reader) {
  return db
    .selectFrom('identity_provider')
    .selectAll()
    .select([
      sql<number>`(select count(*) from person_identity one join person on person.id = one.person_id
        where one.provider = identity_provider.name and person.deleted_at is null)`.as('people'),
      sql<number>`(select count(*) from people_group where people_group.provider = identity_provider.name)`.as(
        'groups',
      ),
    ])
}

/**
 * The provider, which nobody else changes until the transaction ends.
 * @throws Problem `identity-provider-not-found`
 */
export async function lockProvider(tx: Tx, id: number): Promise<ProviderRow> {
  const row = await tx.selectFrom('identity_provider').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
  if (!row) throw new Problem('identity-provider-not-found', { id })
  return row
}

/** Nobody changes the provider until the transaction ends. Whether it still is in this version. */
export async function keepsVersion(tx: Tx, { id, version }: Pick<ProviderRow, 'id' | 'version'>): Promise<boolean> {
  const row = await tx
    .selectFrom('identity_provider')
    .where('id', '=', id)
    .select('version')
    .forShare()
    .executeTakeFirst()
  return row?.version === version
}

export interface ProviderSettings {
  readonly enabled: boolean
  readonly attributeKeys: readonly string[]
  readonly groupPatterns: readonly string[]
  readonly oidc: OidcSettings | null
}

/** @throws Problem `identity-provider-exists` */
export async function insertProvider(act: Act, name: string, settings: ProviderSettings): Promise<ProviderRow> {
  const row = await act.tx
    .insertInto('identity_provider')
    .values({ name, look_alike: lookAlike(name), ...columnsOf(settings) })
    .onConflict(conflict => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (!row) throw await nameTaken(act.tx, name)
  act.audit({
    action: 'CREATE',
    targetType: 'IDENTITY_PROVIDER',
    targets: [providerTarget(row)],
    payload: { type: 'IdentityProviderCreated', after: describe(row) },
  })
  return row
}

/**
 * @param secret what is kept: undefined: as it is; null: none
 * @throws Problem `version-stale` unless `version` is the stored one
 */
export async function updateProvider(
  act: Act,
  before: ProviderRow,
  version: number,
  settings: ProviderSettings,
  secret: Sealed | null | undefined,
): Promise<void> {
  if (before.version !== version) throw new Problem('version-stale', { version: before.version })
  const after = await act.tx
    .updateTable('identity_provider')
    .set({ ...columnsOf(settings), version: version + 1, ...secretColumn(secret) })
    .where('id', '=', before.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  act.audit({
    action: 'UPDATE',
    targetType: 'IDENTITY_PROVIDER',
    targets: [providerTarget(before)],
    payload: {
      type: 'IdentityProviderChanged',
      before: describe(before),
      after: describe(after),
      // To none where there was none is no change.
      clientSecretChanged: secret !== undefined && (secret ?? before.client_secret) !== null,
    },
  })
}

/** Is sealed for the row, hence after the row is made. */
export async function storeClientSecret(tx: Tx, id: number, secret: Sealed | null): Promise<void> {
  await tx.updateTable('identity_provider').set(secretColumn(secret)).where('id', '=', id).execute()
}

export async function deleteProvider(act: Act, provider: ProviderRow, gone: object): Promise<void> {
  await act.tx.deleteFrom('identity_provider').where('id', '=', provider.id).execute()
  act.audit({
    action: 'DELETE',
    targetType: 'IDENTITY_PROVIDER',
    targets: [providerTarget(provider)],
    payload: { type: 'IdentityProviderDeleted', before: describe(provider), ...gone },
  })
}

export function providerTarget({ id, name }: { readonly id: number; readonly name: string }): AuditTarget {
  return { type: 'IDENTITY_PROVIDER', id: String(id), name }
}

function columnsOf({ enabled, attributeKeys, groupPatterns, oidc }: ProviderSettings) {
  return {
    enabled,
    attribute_keys: [...attributeKeys],
    group_patterns: [...groupPatterns],
    oidc: oidc && JSON.stringify(oidc),
  }
}

function secretColumn(secret: Sealed | null | undefined) {
  return secret === undefined ? {} : { client_secret: secret && JSON.stringify(secret) }
}

function describe({ name, enabled, attribute_keys, group_patterns, oidc, scim, client_secret }: ProviderRow) {
  const hasClientSecret = client_secret !== null
  return { name, enabled, attributeKeys: attribute_keys, groupPatterns: group_patterns, oidc, scim, hasClientSecret }
}

async function nameTaken(tx: Tx, name: string): Promise<Problem> {
  const other = await tx
    .selectFrom('identity_provider')
    .where('look_alike', '=', lookAlike(name))
    .select(['id', 'name'])
    .executeTakeFirst()
  return new Problem('identity-provider-exists', { name: other?.name ?? name, id: other?.id })
}

export async function clientSecrets(db: Reader): Promise<{ id: number; secret: Sealed }[]> {
  const rows = await db
    .selectFrom('identity_provider')
    .where('client_secret', 'is not', null)
    .select(['id', 'client_secret'])
    .execute()
  return rows.flatMap(({ id, client_secret: secret }) => (secret ? [{ id, secret }] : []))
}

/** Whether it was still the one before. */
export async function replaceClientSecret(db: Reader, id: number, before: Sealed, after: Sealed): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update identity_provider set client_secret = ${JSON.stringify(after)}::jsonb
    where id = ${id} and client_secret = ${JSON.stringify(before)}::jsonb`.execute(db)
  return Number(numAffectedRows ?? 0) > 0
}
