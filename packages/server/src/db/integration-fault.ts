/**
 * What is found wrong with an integration while it is in use: `enabled ⇄ recurringValidationError`.
 *
 * INVARIANT: in that status exactly while `faults` is not empty. In any other status faults come and go unseen, and
 * are counted when it is in use again.
 */
import type { ValidationResults } from '@headgate/core/api'
import { type Kysely, sql } from 'kysely'
import type { Act } from './act.ts'
import { type IntegrationRow, lockIntegration, moveIntegration } from './integration.ts'
import type { Database, IntegrationFault } from './schema.ts'

export interface Findings {
  /** Its faults, and no others, are replaced: those of these tests. */
  readonly tests: readonly string[]
  readonly faults: readonly IntegrationFault[]
  /** Of the configuration that was looked at: what an edit has overtaken says nothing any more. */
  readonly version?: number
  readonly validation?: ValidationResults
  readonly maxSessionSeconds?: number
}

/**
 * Undefined, and nothing changed, when the integration was edited since, or is neither `enabled` nor
 * `recurringValidationError`.
 */
export async function recordFindings(act: Act, id: number, findings: Findings): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (before?.status !== 'enabled' && before?.status !== 'recurringValidationError') return undefined
  if (findings.version !== undefined && findings.version !== before.version) return undefined
  const kept = before.faults.filter(({ test }) => !findings.tests.includes(test))
  const faults = [...kept, ...findings.faults]
  const also = {
    faults: JSON.stringify(faults),
    ...(findings.validation === undefined ? {} : { validation: JSON.stringify(findings.validation) }),
    ...(findings.maxSessionSeconds === undefined ? {} : { max_session_seconds: findings.maxSessionSeconds }),
  }
  const to = faults.length > 0 ? 'recurringValidationError' : 'enabled'
  const message = faults.length > 0 ? faults.map(fault => fault.message).join('; ') : undefined
  if (to === before.status && (message ?? null) === before.status_message) {
    // Nobody has to be told that all is as it was.
    const query = act.tx.updateTable('integration').set(also).where('id', '=', id)
    return query.returningAll().executeTakeFirstOrThrow()
  }
  const event = to === 'enabled' ? 'IntegrationValidAgain' : 'IntegrationFoundInvalid'
  return moveIntegration(act, id, { from: [before.status], to, event, message, also })
}

/** Those whose validation is due, and theirs to validate who is answered: no other node is told of them again. */
export async function claimValidations(db: Kysely<Database>, everyMs: number): Promise<number[]> {
  const rows = await db
    .updateTable('integration')
    .set({ validated_at: sql<Date>`now()` })
    .where('status', 'in', ['enabled', 'recurringValidationError'])
    .where('validated_at', '<=', sql<number>`now() - ${everyMs} * interval '1 ms'` as never)
    .returning('id')
    .execute()
  return rows.map(({ id }) => id)
}

/** As if it had last been validated that long ago. */
export async function validatedAgo(db: Kysely<Database>, id: number, agoMs: number): Promise<void> {
  await db
    .updateTable('integration')
    .set({ validated_at: sql<Date>`now() - ${agoMs} * interval '1 ms'` })
    .where('id', '=', id)
    .execute()
}
