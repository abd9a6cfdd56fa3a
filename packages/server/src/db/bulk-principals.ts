/** The local principals of many people at once. INVARIANT: under `lockPrincipals`. */
import type { PrincipalKind } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'

export interface LocalPrincipal {
  readonly id: number
  readonly person: number
  readonly kind: PrincipalKind
  readonly identifier: string
  /** null: for every integration without an entry of its own. */
  readonly integration: number | null
}

/** Of these people, or of everybody. */
export async function localPrincipals(tx: Tx, people?: Iterable<number>): Promise<LocalPrincipal[]> {
  const { rows } = await sql<LocalPrincipal>`
    select id, person_id as person, kind, identifier, integration_id as integration from principal
    where source = 'local' ${people === undefined ? sql`` : sql`and person_id = any(${[...new Set(people)]})`}`.execute(
    tx,
  )
  return rows
}

export async function removePrincipals(tx: Tx, ids: readonly number[]): Promise<void> {
  if (ids.length > 0) await sql`delete from principal where id = any(${ids})`.execute(tx)
}

/** Not looked at in AWS yet: the recurring check takes them first. Answers with them and their ids. */
export async function insertPrincipals(
  tx: Tx,
  principals: readonly Omit<LocalPrincipal, 'id'>[],
): Promise<LocalPrincipal[]> {
  if (principals.length === 0) return []
  const { rows } = await sql<LocalPrincipal>`
    insert into principal (person_id, kind, identifier, integration_id)
    select * from unnest(${principals.map(one => one.person)}::bigint[], ${principals.map(one => one.kind)}::text[],
      ${principals.map(one => one.identifier)}::text[], ${principals.map(one => one.integration)}::bigint[])
    returning id, person_id as person, kind, identifier, integration_id as integration`.execute(tx)
  return rows
}

export interface SharedPrincipal {
  readonly person: number
  readonly identifier: string
  /** Somebody else who has it. */
  readonly other: string
}

/** Those of these people that belong to somebody else too, whatever source says so. */
export async function sharedPrincipals(tx: Tx, people: Iterable<number>): Promise<SharedPrincipal[]> {
  // Ids of Identity Center users are hexadecimal: upper case or lower, it is the same person.
  const { rows } = await sql<SharedPrincipal>`
    with mine as (select person_id, kind, identifier from principal where person_id = any(${[...new Set(people)]}))
    select mine.person_id as person, mine.identifier, min(person.userid) as other from mine
      join principal other on other.person_id <> mine.person_id and other.identifier = mine.identifier
      join person on person.id = other.person_id
    group by 1, 2
    union
    select mine.person_id, mine.identifier, min(person.userid) from mine
      join principal other on other.kind = 'identityCenterUser' and other.person_id <> mine.person_id
        and lower(other.identifier) = lower(mine.identifier)
      join person on person.id = other.person_id
    where mine.kind = 'identityCenterUser' group by 1, 2`.execute(tx)
  return rows
}
