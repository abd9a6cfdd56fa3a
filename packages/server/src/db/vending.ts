/**
 * Who of other accounts each instance lets vend: its resource policy as it was read last, and what follows from it for
 * the principals that there are.
 *
 * INVARIANT: `vends_to` names nobody whom the stored policy does not let vend; whoever it lets is named once they are
 * mapped. A policy that cannot be understood lets nobody.
 */
import { PolicySyntaxError, vendsTo } from '@headgate/iam'
import { type Kysely, sql } from 'kysely'
import { instanceArn } from '../integrations/aws-actions.ts'
import type { Act } from './act.ts'
import { type IntegrationRow, isInUse, lockIntegration, sayChanged } from './integration.ts'
import type { Database } from './schema.ts'

/** Principals that are newly mapped: wherever the policy read last lets them vend, they may from now on. */
export async function welcomeForeigners(act: Act, arns: readonly string[]): Promise<void> {
  if (arns.length === 0) return
  const { rows } = await sql<{ id: number }>`
    select id from integration where vending_policy is not null and status not in ('deleted', 'disabled')
      and exists (select from unnest(${arns}::text[]) arn where split_part(arn, ':', 5) <> account_id) order by id`.execute(
    act.tx,
  )
  for (const { id } of rows) {
    const row = await lockIntegration(act.tx, id)
    if (!row) continue
    const { welcome } = judge(row, row.vending_policy, arns)
    await store(act, row, {}, [...new Set([...row.vends_to, ...welcome])].sort())
  }
}

/** What AWS answered; `policy` null: the instance has none. */
export type VendingAnswer = { readonly policy: string | null } | { readonly problem: string }

/** What could not be read leaves all as it was, but for saying so. */
export async function storeVendingPolicy(act: Act, id: number, answer: VendingAnswer): Promise<void> {
  const row = await lockIntegration(act.tx, id)
  if (!row || !isInUse(row)) return
  const asked = { vending_read_at: new Date(act.now) }
  if ('problem' in answer) return store(act, row, { ...asked, vending_problem: answer.problem }, row.vends_to)
  const { welcome, problem } = judge(row, answer.policy, await foreignPrincipals(act.tx, row))
  const read = { ...asked, vending_policy: answer.policy, vending_problem: problem ?? null }
  await store(act, row, read, welcome)
}

/** Those of other accounts that may serve the integration: its own entries, and general ones. */
async function foreignPrincipals(db: Kysely<Database>, { id, account_id }: IntegrationRow): Promise<string[]> {
  const rows = await db
    .selectFrom('principal')
    .where('kind', '<>', 'identityCenterUser')
    .where(sql<boolean>`split_part(identifier, ':', 5) <> ${account_id}`)
    .where(({ or, eb }) => or([eb('integration_id', 'is', null), eb('integration_id', '=', id)]))
    .select('identifier')
    .distinct()
    .execute()
  return rows.map(({ identifier }) => identifier)
}

function judge(row: IntegrationRow, policy: string | null, arns: readonly string[]) {
  const instance = { arn: instanceArn({ accountId: row.account_id, region: row.region }), accountId: row.account_id }
  const foreign = arns.filter(arn => arn.split(':', 5)[4] !== row.account_id)
  try {
    return { welcome: policy === null ? [] : vendsTo(policy, instance, foreign) }
  } catch (error) {
    if (!(error instanceof PolicySyntaxError)) throw error
    return { welcome: [], problem: `the instance's resource policy cannot be understood: ${error.message}` }
  }
}

type Read = Partial<Pick<IntegrationRow, 'vending_policy' | 'vending_problem'>> & { readonly vending_read_at?: Date }

async function store(act: Act, row: IntegrationRow, read: Read, welcome: readonly string[]): Promise<void> {
  const after = await act.tx
    .updateTable('integration')
    .set({ ...read, vends_to: [...welcome] })
    .where('id', '=', row.id)
    .returningAll()
    .executeTakeFirstOrThrow()
  if (after.vends_to.join() === row.vends_to.join()) return
  sayChanged(act, after, 'vending-changed')
  act.audit({
    action: 'UPDATE',
    targetType: 'INTEGRATION',
    targets: [{ type: 'INTEGRATION', id: String(row.id), name: row.name }],
    payload: { type: 'VendingChanged', before: { vendsTo: row.vends_to }, after: { vendsTo: after.vends_to } },
  })
}
