/** `/runs`: what was done to AWS and what is being done, and letting go what the brake holds. */
import { api, Problem, type Run } from '@headgate/core/api'
import { act } from '../db/act.ts'
import { releaseRun } from '../db/restraint.ts'
import { findRun, grantsOfRun, listRuns } from '../db/run-list.ts'
import { createRunWatch } from '../runs/watch.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function runRoutes(serve: Serve, { db }: World): void {
  const watch = createRunWatch(db)

  async function requireRun(id: number): Promise<Run> {
    const run = await findRun(db.kysely, id)
    if (!run) throw new Problem('run-not-found', { id })
    return run
  }

  serve(api.runs.list, async ({ query }) => ({ body: await db.snapshot(tx => listRuns(tx, query)) }))

  serve(api.runs.get, async ({ params: { id } }) => ({ body: await requireRun(id) }))

  serve(api.runs.grants, async ({ params: { id }, query }) => {
    await requireRun(id)
    return { body: await db.snapshot(tx => grantsOfRun(tx, id, query)) }
  })

  serve(api.runs.events, async ({ query: { integrationId } }) => ({
    stream: (send, signal) => watch.tell(integrationId, send, signal),
  }))

  serve(api.runs.release, async ({ params: { id }, caller }) => {
    const run = await requireRun(id)
    const of = { id, integrationId: Number(run.integrationId) }
    const { result: released, sequence } = await act(db, caller, done => releaseRun(done, of))
    return { body: { released }, sequence }
  })
}
