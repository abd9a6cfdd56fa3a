/** Where what is known of a person comes from, and since when: who says it, for every value, group and AWS identity. */
import type { Instant } from '@headgate/core'
import { sql } from 'kysely'
import type { Tx } from './act.ts'

/** `source` is `local`, or an identity provider. */
export interface Said {
  readonly source: string
  readonly since: Instant
}

export interface Provenance {
  /** @param group the id of the group where the value is inherited; undefined: it is the person's own */
  ofAttribute(group: number | undefined, key: string, value: string): readonly Said[]
  /** Nothing for groups that everyone is in. */
  ofGroup(name: string): readonly Said[]
  ofPrincipal(kind: string, identifier: string): Instant | undefined
  ofMember(id: number): Instant | undefined
  /** Of a data product. */
  ofMembership(id: number): Instant | undefined
}

/**
 * @param groups  whose attributes the person inherits, as far as they are asked for
 * @param members the rows of data sources that are asked for
 */
export async function loadProvenance(
  tx: Tx,
  person: number,
  { groups, members }: { readonly groups: readonly number[]; readonly members: readonly number[] },
): Promise<Provenance> {
  const own = await tx
    .selectFrom('person_attribute')
    .where('person_id', '=', person)
    .select(['key', 'value', 'source', 'since'])
    .orderBy('source')
    .execute()
  const inherited = await tx
    .selectFrom('group_attribute')
    .where('group_id', '=', sql<number>`any(${groups})`)
    .select(['group_id', 'key', 'value', 'source', 'since'])
    .orderBy('source')
    .execute()
  const memberships = await tx
    .selectFrom('group_member')
    .innerJoin('people_group', 'people_group.id', 'group_member.group_id')
    .where('group_member.person_id', '=', person)
    .select(['people_group.name', 'group_member.source', 'group_member.since'])
    .orderBy('group_member.source')
    .execute()
  const principals = await tx
    .selectFrom('principal')
    .where('person_id', '=', person)
    .select(['kind', 'identifier', 'since'])
    // Of two entries with the same identity the older one counts.
    .orderBy('since', 'desc')
    .execute()
  const added = await tx
    .selectFrom('member')
    .where('id', '=', sql<number>`any(${members})`)
    .select(['id', 'added_at'])
    .execute()
  const approved = await tx
    .selectFrom('membership')
    .where('person_id', '=', person)
    .where('ended_at', 'is', null)
    .select(['id', 'since'])
    .execute()
  const attributes = grouped([
    ...own.map(({ key, value, ...said }) => ({ of: attributeKey(undefined, key, value), ...said })),
    ...inherited.map(({ group_id, key, value, ...said }) => ({ of: attributeKey(group_id, key, value), ...said })),
  ])
  const byGroup = grouped(memberships.map(({ name: of, ...said }) => ({ of, ...said })))
  const byPrincipal = new Map(principals.map(row => [JSON.stringify([row.kind, row.identifier]), row.since]))
  const byMember = new Map(added.map(row => [row.id, row.added_at]))
  const byMembership = new Map(approved.map(row => [row.id, row.since]))
  return {
    ofAttribute: (group, key, value) => attributes.get(attributeKey(group, key, value)) ?? [],
    ofGroup: name => byGroup.get(name) ?? [],
    ofPrincipal: (kind, identifier) => byPrincipal.get(JSON.stringify([kind, identifier])),
    ofMember: id => byMember.get(id),
    ofMembership: id => byMembership.get(id),
  }
}

function grouped(rows: readonly ({ readonly of: string } & Said)[]): Map<string, readonly Said[]> {
  return new Map(
    Array.from(
      Map.groupBy(rows, row => row.of),
      ([of, some]) => [of, some.map(({ source, since }) => ({ source, since }))],
    ),
  )
}

function attributeKey(group: number | undefined, key: string, value: string): string {
  return JSON.stringify([group ?? 0, key, value])
}
