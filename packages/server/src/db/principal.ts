/** The AWS identities of people: at most one per person and integration, and each belongs to at most one person. */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { lockPerson, personTarget } from './person.ts'

export interface NewPrincipal {
  readonly kind: PrincipalKind
  readonly identifier: string
  /** null: for every integration without an entry of its own. */
  readonly integrationId: number | null
  readonly uniqueId: string | null
  readonly warning: string | null
}

const principalLock = 0x4865_6166 // one change of principals at a time, or two people could take the same one

/** Replaces them all; those that stay keep their row. Throws Problem `user-not-found`, `principal-taken`. */
export async function replacePrincipals(act: Act, person: number, wanted: readonly NewPrincipal[]): Promise<void> {
  const { tx } = act
  await sql`select pg_advisory_xact_lock(${principalLock})`.execute(tx)
  const owner = await lockPerson(tx, person)
  await refuseTaken(tx, person, wanted)
  const before = await tx.selectFrom('principal').selectAll().where('person_id', '=', person).orderBy('id').execute()
  const keyOf = (kind: string, identifier: string, integration: number | null) =>
    JSON.stringify([kind, identifier, integration])
  const staying = new Map(before.map(row => [keyOf(row.kind, row.identifier, row.integration_id), row]))
  const added: NewPrincipal[] = []
  for (const one of wanted) {
    const key = keyOf(one.kind, one.identifier, one.integrationId)
    const row = staying.get(key)
    staying.delete(key)
    if (!row) added.push(one)
    else await refresh(tx, row.id, one)
  }
  // What is still in the map is no longer wanted; it goes first, since there is room for one entry per integration.
  const removed = [...staying.values()]
  for (const row of removed) {
    await tx.deleteFrom('principal').where('id', '=', row.id).execute()
    act.changed('principal', row.id, null, 'principal-removed')
  }
  for (const one of added) await insert(act, person, one)
  if (removed.length === 0 && added.length === 0) return
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(owner)],
    payload: {
      type: 'PrincipalsChanged',
      before: before.map(row => describe(row.kind, row.identifier, row.integration_id)),
      after: wanted.map(one => describe(one.kind, one.identifier, one.integrationId)),
    },
  })
}

async function refuseTaken(tx: Tx, person: number, wanted: readonly NewPrincipal[]): Promise<void> {
  if (wanted.length === 0) return
  const asWritten = wanted.map(one => one.identifier)
  const inLowerCase = asWritten.map(identifier => identifier.toLowerCase())
  const other = await tx
    .selectFrom('principal')
    .innerJoin('person', 'person.id', 'principal.person_id')
    .where('principal.person_id', '<>', person)
    .where(({ or, eb }) =>
      or([
        eb('principal.identifier', 'in', asWritten),
        // Ids of Identity Center users are hexadecimal: upper case or lower, it is the same person.
        eb('principal.kind', '=', 'identityCenterUser').and(sql`lower(principal.identifier)`, 'in', inLowerCase),
      ]),
    )
    .select(['principal.identifier', 'person.id', 'person.userid'])
    .limit(1)
    .executeTakeFirst()
  if (other) throw new Problem('principal-taken', other)
}

/** What AWS told of it this time. A unique id that is not told again stays: it says which principal was meant. */
async function refresh(tx: Tx, id: number, { uniqueId, warning }: NewPrincipal): Promise<void> {
  const told = uniqueId === null ? { warning } : { warning, unique_id: uniqueId }
  await tx.updateTable('principal').set(told).where('id', '=', id).execute()
}

async function insert(act: Act, person: number, one: NewPrincipal): Promise<void> {
  const { kind, identifier, integrationId, uniqueId, warning } = one
  const row = { person_id: person, kind, identifier, integration_id: integrationId, unique_id: uniqueId, warning }
  const { id } = await act.tx.insertInto('principal').values(row).returning('id').executeTakeFirstOrThrow()
  const fact = { id, user: person, kind, identifier, integration: integrationId }
  act.changed('principal', id, fact, 'principal-added')
}

function describe(kind: PrincipalKind, identifier: string, integrationId: number | null) {
  return { kind, identifier, integrationId }
}
