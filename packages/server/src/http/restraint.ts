/** An integration's mode and brake, what they hold, and what would be done without them. */
import { api, Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import { findIntegration, type IntegrationRow } from '../db/integration.ts'
import { setBrake, setMode } from '../db/restraint.ts'
import { planAsEnforced } from '../runs/plan-as-enforced.ts'
import { restrained, restraintOf } from '../runs/restraint-of.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function restraintRoutes(serve: Serve, world: World): void {
  const { db } = world
  type Caller = Parameters<typeof act>[1]

  async function change(caller: Caller, id: number, work: (act: Act) => Promise<IntegrationRow | undefined>) {
    const { sequence } = await act(db, caller, async done => {
      if (!(await work(done))) throw new Problem('integration-not-found', { id })
    })
    return { body: await read(id), sequence }
  }

  async function read(id: number) {
    return db.snapshot(async tx => {
      const row = await findIntegration(tx, id)
      if (!row) throw new Problem('integration-not-found', { id })
      return restraintOf(tx, row)
    })
  }

  serve(api.restraint.list, async () => ({ body: await db.snapshot(restrained) }))

  serve(api.restraint.get, async ({ params: { id } }) => ({ body: await read(id) }))

  serve(api.restraint.setMode, ({ params: { id }, body: { mode }, caller }) =>
    change(caller, id, done => setMode(done, id, mode)),
  )

  serve(api.restraint.setBrake, ({ params: { id }, body, caller }) =>
    change(caller, id, done => setBrake(done, id, body)),
  )

  serve(api.restraint.plan, async ({ params: { id }, query }) => ({ body: await planAsEnforced(world, id, query) }))
}
