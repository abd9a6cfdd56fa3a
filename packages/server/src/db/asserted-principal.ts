/** What identity providers say are people's AWS identities: as they write it, and why it is not in force. */
import type { Kysely, Selectable } from 'kysely'
import type { Act, Tx } from './act.ts'
import { lockPerson, personTarget } from './person.ts'
import type { Database } from './schema.ts'

export type AssertedPrincipal = Selectable<Database['asserted_principal']>

export async function findAsserted(
  db: Kysely<Database>,
  person: number,
  source: string,
): Promise<AssertedPrincipal | undefined> {
  return db
    .selectFrom('asserted_principal')
    .selectAll()
    .where('person_id', '=', person)
    .where('source', '=', source)
    .executeTakeFirst()
}

/**
 * A problem that is new is audited.
 * @param isFirst whether it is known that nothing was said before
 */
export async function keepAsserted(act: Act, one: Omit<AssertedPrincipal, 'since'>, isFirst = false): Promise<void> {
  const { person_id, source, kind, identifier, problem } = one
  const before = isFirst ? undefined : await findAsserted(act.tx, person_id, source)
  if (before?.kind === kind && before.identifier === identifier && before.problem === problem) return
  await act.tx
    .insertInto('asserted_principal')
    .values({ person_id, source, kind, identifier, problem })
    .onConflict(conflict => conflict.columns(['person_id', 'source']).doUpdateSet({ kind, identifier, problem }))
    .execute()
  if (problem === null) return
  act.audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(await lockPerson(act.tx, person_id))],
    payload: { type: 'PrincipalNotStored', source, principal: { kind, identifier }, reason: problem },
  })
}

export async function dropAsserted(tx: Tx, person: number, source: string): Promise<void> {
  await tx.deleteFrom('asserted_principal').where('person_id', '=', person).where('source', '=', source).execute()
}

/** Those not in force, for another try; by person, after this one. */
export async function assertedWithProblem(
  db: Kysely<Database>,
  limit: number,
  after: number,
): Promise<AssertedPrincipal[]> {
  return db
    .selectFrom('asserted_principal')
    .innerJoin('person', 'person.id', 'asserted_principal.person_id')
    .where('person.deleted_at', 'is', null)
    .where('asserted_principal.problem', 'is not', null)
    .where('asserted_principal.person_id', '>', after)
    .selectAll('asserted_principal')
    .orderBy('asserted_principal.person_id')
    .orderBy('asserted_principal.source')
    .limit(limit)
    .execute()
}
