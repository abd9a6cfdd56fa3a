/** Mode and brake of integrations, what they hold, and letting it go. Each change wakes the leader as a fact would. */
import type { IntegrationId, Mode } from '@headgate/core'
import { type Kysely, sql } from 'kysely'
import type { Act } from './act.ts'
import { type IntegrationRow, lockIntegration, sayChanged } from './integration.ts'
import type { Database } from './schema.ts'

type Reader = Kysely<Database>

/** Undefined: there is no such integration in use. Saying what is so already changes nothing. */
export async function setMode(act: Act, id: number, mode: Mode): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (!before || before.status === 'deleted') return undefined
  if (before.mode === mode) return before
  await act.tx.updateTable('integration').set({ mode }).where('id', '=', id).execute()
  sayChanged(act, before, 'integration-mode-changed')
  act.audit({
    action: 'UPDATE',
    targetType: 'INTEGRATION',
    targets: [{ type: 'INTEGRATION', id: String(id), name: before.name }],
    payload: { type: 'IntegrationModeChanged', before: { mode: before.mode }, after: { mode } },
  })
  return { ...before, mode }
}

export async function setBrake(
  act: Act,
  id: number,
  brake: { readonly revocations: number; readonly percent: number },
): Promise<IntegrationRow | undefined> {
  const before = await lockIntegration(act.tx, id)
  if (!before || before.status === 'deleted') return undefined
  const set = { brake_revocations: brake.revocations, brake_percent: brake.percent }
  const was = { revocations: before.brake_revocations, percent: before.brake_percent }
  if (was.revocations === brake.revocations && was.percent === brake.percent) return before
  await act.tx.updateTable('integration').set(set).where('id', '=', id).execute()
  sayChanged(act, before, 'integration-brake-changed')
  act.audit({
    action: 'UPDATE',
    targetType: 'INTEGRATION',
    targets: [{ type: 'INTEGRATION', id: String(id), name: before.name }],
    payload: { type: 'IntegrationBrakeChanged', before: was, after: brake },
  })
  return { ...before, ...set }
}

/** Lets go what the brake held of a run; how many. Whether each is still unwanted is for the next plan to say. */
export async function releaseRun(
  act: Act,
  run: { readonly id: number; readonly integrationId: number },
): Promise<number> {
  const integration = await lockIntegration(act.tx, run.integrationId)
  if (!integration) throw new Error(`integration ${run.integrationId} has no row`)
  const released = await act.tx
    .updateTable('ledger')
    .set({ held: null, released_at: sql<Date>`now()`, updated_at: sql<Date>`now()` })
    .where('held_run_id', '=', run.id)
    .where('held', '=', 'brake')
    .returning(['id', 'data_source_id', 'person_id'])
    .execute()
  if (released.length === 0) return 0
  await act.tx
    .updateTable('run')
    .set(({ eb }) => ({ released: eb('released', '+', released.length) }))
    .where('id', '=', run.id)
    .execute()
  sayChanged(act, integration, 'run-released')
  act.audit({
    action: 'RELEASE',
    targetType: 'RUN',
    targets: [{ type: 'RUN', id: String(run.id) }],
    relatedResources: [{ type: 'INTEGRATION', id: String(integration.id), name: integration.name }],
    payload: { type: 'RunReleased', released: released.length },
  })
  return released.length
}

/** Integrations whose brake so many more revocations could reach. */
export async function nearBrakes(db: Reader, revocations: number): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    select id from integration
    where status not in ('deleted', 'disabled') and mode = 'enforce' and brake_revocations < ${revocations} + (
      select count(*) from ledger where integration_id = integration.id and counted
        and revoking_at > now() - interval '1 hour')`.execute(db)
  return rows.map(({ id }) => id)
}

/** How many the brake held for a change and those with it; undefined until every leader has planned it. */
export async function heldSince(
  db: Reader,
  integrations: readonly number[],
  sequence: number,
): Promise<number | undefined> {
  const { rows } = await sql<{ behind: number; held: number }>`
    select (select count(*) from unnest(${integrations}::bigint[]) as asked(id)
        left join leadership on leadership.integration_id = asked.id
        where coalesce(leadership.checkpoint, 0) < ${sequence}) as behind,
      (select count(*) from ledger join run on run.id = ledger.held_run_id
        where ledger.integration_id = any(${integrations}) and ledger.held = 'brake' and run.sequence >= ${sequence})
      as held`.execute(db)
  const [found] = rows
  return found?.behind === 0 ? found.held : undefined
}

/** Integrations in use whose mode is not `enforce`, or that hold something, by name. */
export async function restrainedIntegrations(
  db: Reader,
): Promise<{ readonly id: IntegrationId; readonly name: string; readonly mode: Mode }[]> {
  const { rows } = await sql<{ id: IntegrationId; name: string; mode: Mode }>`
    select id, name, mode from integration where status not in ('deleted', 'disabled') and (mode <> 'enforce' or exists
      (select 1 from ledger where integration_id = integration.id and held is not null)) order by name`.execute(db)
  return rows
}

export interface Restrained {
  readonly byBrake: number
  readonly byMode: number
  readonly runs: readonly { readonly id: number; readonly held: number; readonly since: number }[]
}

/** What is held of an integration's grants. */
export async function heldOf(db: Reader, integration: IntegrationId): Promise<Restrained> {
  const { rows } = await sql<{ held: 'brake' | 'mode'; run: number | null; n: number; since: number }>`
    select held, held_run_id as run, count(*) as n, min(held_at) as since from ledger
    where integration_id = ${integration} and held is not null group by held, held_run_id order by held_run_id`.execute(
    db,
  )
  const sum = (by: 'brake' | 'mode') => rows.filter(row => row.held === by).reduce((total, { n }) => total + n, 0)
  return {
    byBrake: sum('brake'),
    byMode: sum('mode'),
    runs: rows.flatMap(({ held, run, n, since }) =>
      held === 'brake' && run !== null ? [{ id: run, held: n, since }] : [],
    ),
  }
}
