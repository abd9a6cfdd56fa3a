/**
 * The AWS identities of people: at most one per person, source and integration, and each belongs to at most one person.
 *
 * Each source changes its own alone. Where several say something of one person and integration the local entry counts,
 * else the oldest (`facts.ts`).
 */
import type { PrincipalKind } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Selectable, sql } from 'kysely'
import type { Act, Tx } from './act.ts'
import { lockPerson, type NamedPerson, personTarget } from './person.ts'
import type { Database } from './schema.ts'
import { welcomeForeigners } from './vending.ts'

export interface NewPrincipal {
  readonly kind: PrincipalKind
  readonly identifier: string
  /** null: for every integration without an entry of its own. */
  readonly integrationId: number | null
  readonly uniqueId: string | null
  readonly warning: string | null
}

type Row = Selectable<Database['principal']>

const principalLock = 0x4865_6166 // one change of principals at a time, or two people could take the same one

/** Replaces the local ones; those that stay keep their row. Throws Problem `user-not-found`, `principal-taken`. */
export async function replacePrincipals(act: Act, person: number, wanted: readonly NewPrincipal[]): Promise<void> {
  await lockPrincipals(act.tx)
  const [taken] = await findTaken(act.tx, person, wanted)
  if (taken) throw new Problem('principal-taken', { ...taken })
  await storePrincipals(act, person, 'local', wanted)
}

/** Nobody else changes anybody's principals until the transaction ends; to be asked for before `findTaken`. */
export async function lockPrincipals(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(${principalLock})`.execute(tx)
}

/**
 * The same for one identifier alone: others change other principals meanwhile. For whoever says one principal of one
 * person, such as a sync of thousands of people.
 */
export async function lockPrincipal(tx: Tx, identifier: string): Promise<void> {
  await sql`select pg_advisory_xact_lock_shared(${principalLock}),
    pg_advisory_xact_lock(${principalLock}, hashtext(lower(${identifier})))`.execute(tx)
}

export interface Taken {
  readonly identifier: string
  readonly id: number
  readonly userid: string
}

/** Those of the principals that belong to somebody else, whatever source says so. */
export async function findTaken(
  tx: Tx,
  person: number,
  wanted: readonly Pick<NewPrincipal, 'identifier'>[],
): Promise<Taken[]> {
  if (wanted.length === 0) return []
  const asWritten = wanted.map(one => one.identifier)
  const inLowerCase = asWritten.map(identifier => identifier.toLowerCase())
  return tx
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
    .execute()
}

/**
 * Replaces what one source says of a person. INVARIANT: under `lockPrincipals` or `lockPrincipal`, with nothing that is taken.
 * @param made the person, where made in this very transaction: nobody else knows them, and they have none yet
 * @throws Problem `user-not-found`
 */
export async function storePrincipals(
  act: Act,
  person: number,
  source: string,
  wanted: readonly NewPrincipal[],
  cause?: string,
  made?: NamedPerson,
): Promise<void> {
  const { tx } = act
  const owner = made ?? (await lockPerson(tx, person))
  const before = made ? [] : await principalsOf(tx, person, source)
  const keyOf = (kind: string, identifier: string, integration: number | null) =>
    JSON.stringify([kind, identifier, integration])
  const staying = new Map(before.map(row => [keyOf(row.kind, row.identifier, row.integration_id), row]))
  const added: NewPrincipal[] = []
  for (const one of wanted) {
    const key = keyOf(one.kind, one.identifier, one.integrationId)
    const row = staying.get(key)
    staying.delete(key)
    if (!row) added.push(one)
    else await storeAnswer(act, row, one, 'again')
  }
  // What is still in the map is no longer wanted; it goes first, since there is room for one entry per integration.
  const removed = [...staying.values()]
  for (const row of removed) {
    await tx.deleteFrom('principal').where('id', '=', row.id).execute()
    act.changed('principal', row.id, null, cause ?? 'principal-removed')
  }
  for (const one of added) await insert(act, person, source, one, cause ?? 'principal-added')
  if (removed.length === 0 && added.length === 0) return
  await welcomeForeigners(
    act,
    added.filter(one => one.kind !== 'identityCenterUser').map(one => one.identifier),
  )
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(owner)],
    payload: {
      type: 'PrincipalsChanged',
      source,
      before: before.map(row => describe(row.kind, row.identifier, row.integration_id)),
      after: wanted.map(one => describe(one.kind, one.identifier, one.integrationId)),
    },
  })
}

async function principalsOf(tx: Tx, person: number, source: string): Promise<Row[]> {
  return tx
    .selectFrom('principal')
    .selectAll()
    .where('person_id', '=', person)
    .where('source', '=', source)
    .orderBy('id')
    .execute()
}

/**
 * What AWS told of a principal this time. A unique id that is not told stays: it says which principal was meant. Another
 * one is held back until a user admin has seen it.
 * @param how `again`: a user admin maps the same once more, which accepts another one that had been found before
 */
export async function storeAnswer(
  act: Act,
  row: Row,
  { uniqueId, warning }: Pick<NewPrincipal, 'uniqueId' | 'warning'>,
  how: 'again' | 'checked',
): Promise<void> {
  const known = row.unique_id ?? uniqueId
  const isOther = uniqueId !== null && known !== uniqueId
  const isAccepted = how === 'again' && isOther && row.found_id === uniqueId
  // The one that was meant is there again: nobody has to confirm anything.
  const foundId = isOther && !isAccepted ? uniqueId : uniqueId === null ? row.found_id : null
  const set = { warning, unique_id: isAccepted ? uniqueId : known, found_id: foundId }
  await act.tx.updateTable('principal').set(set).where('id', '=', row.id).execute()
  if (foundId === row.found_id) return
  const cause = foundId === null ? 'principal-confirmed' : 'principal-another'
  const one = { ...row, integrationId: row.integration_id }
  act.changed('principal', row.id, factOf(row.id, row.person_id, row.source, one, foundId !== null), cause)
  const owner = await lockPerson(act.tx, row.person_id)
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(owner)],
    payload: {
      type: foundId === null ? 'PrincipalConfirmed' : 'PrincipalFoundAnother',
      principal: describe(row.kind, row.identifier, row.integration_id),
      before: { uniqueId: row.unique_id, foundId: row.found_id },
      after: { uniqueId: set.unique_id, foundId },
    },
  })
}

/**
 * Takes what AWS has now under the names of a person's principals for what is meant.
 * @throws Problem `user-not-found`; `principal-not-waiting` where nothing waits for that
 */
export async function confirmPrincipals(act: Act, person: number, identifier?: string): Promise<void> {
  await lockPrincipals(act.tx)
  await lockPerson(act.tx, person)
  const waiting = await act.tx
    .selectFrom('principal')
    .selectAll()
    .where('person_id', '=', person)
    .where('found_id', 'is not', null)
    .$if(identifier !== undefined, some => some.where('identifier', '=', identifier ?? ''))
    .orderBy('id')
    .execute()
  if (waiting.length === 0) throw new Problem('principal-not-waiting', { id: person })
  for (const row of waiting) await storeAnswer(act, row, { uniqueId: row.found_id, warning: row.warning }, 'again')
}

async function insert(act: Act, person: number, source: string, one: NewPrincipal, cause: string): Promise<void> {
  const { kind, identifier, integrationId, uniqueId, warning } = one
  const row = {
    person_id: person,
    kind,
    identifier,
    integration_id: integrationId,
    unique_id: uniqueId,
    warning,
    source,
  }
  const { id } = await act.tx.insertInto('principal').values(row).returning('id').executeTakeFirstOrThrow()
  act.changed('principal', id, factOf(id, person, source, one), cause)
}

type Fact = Pick<NewPrincipal, 'kind' | 'identifier' | 'integrationId'>

function factOf(
  id: number,
  user: number,
  source: string,
  { kind, identifier, integrationId }: Fact,
  isAnother = false,
) {
  return { id, user, source, kind, identifier, integration: integrationId, ...(isAnother ? { isAnother } : {}) }
}

function describe(kind: PrincipalKind, identifier: string, integrationId: number | null) {
  return { kind, identifier, integrationId }
}
