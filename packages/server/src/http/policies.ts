/** `/policies`: create, read, edit, activate, stage, delete. Every write names the version it changes and makes the next. */
import { api, Problem } from '@headgate/core/api'
import { type Act, act } from '../db/act.ts'
import {
  deletePolicy,
  editPolicy,
  findPolicy,
  insertPolicy,
  listPolicies,
  lockPolicy,
  type PolicyRow,
  setPolicyState,
} from '../db/policy.ts'
import { loadVocabulary } from '../db/vocabulary.ts'
import { checkPolicy, refuseOpenByAbsence } from '../policies/check.ts'
import { presentPolicy } from '../policies/present.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function policyRoutes(serve: Serve, { db }: World): void {
  serve(api.policies.list, async ({ query }) =>
    db.snapshot(async tx => {
      const page = await listPolicies(tx, query)
      const vocabulary = await loadVocabulary(tx)
      return { body: { ...page, items: page.items.map(row => presentPolicy(row, vocabulary)) } }
    }),
  )

  serve(api.policies.get, async ({ params: { id } }) =>
    db.snapshot(async tx => {
      const row = await findPolicy(tx, id)
      if (!row) throw new Problem('policy-not-found', { id })
      return { body: presentPolicy(row, await loadVocabulary(tx)), version: row.version }
    }),
  )

  serve(api.policies.create, async ({ body: { state, acknowledge, ...input }, caller }) =>
    answer(caller, async done => {
      const content = await checkPolicy(done.tx, input)
      if (state === 'active') refuseOpenByAbsence(content, acknowledge)
      return insertPolicy(done, content, state)
    }),
  )

  serve(api.policies.edit, async ({ params: { id }, body: { acknowledge, ...input }, version, caller }) =>
    answer(caller, async done => {
      const before = await lockPolicy(done.tx, id, version)
      const content = await checkPolicy(done.tx, input)
      if (before.state === 'active') refuseOpenByAbsence(content, acknowledge)
      return editPolicy(done, before, content)
    }),
  )

  serve(api.policies.activate, async ({ params: { id }, body, version, caller }) =>
    answer(caller, async done => {
      const before = await lockPolicy(done.tx, id, version)
      if (before.state !== 'active') refuseOpenByAbsence(before, body?.acknowledge ?? [])
      return setPolicyState(done, before, 'active')
    }),
  )

  serve(api.policies.stage, async ({ params: { id }, version, caller }) =>
    answer(caller, async done => setPolicyState(done, await lockPolicy(done.tx, id, version), 'staged')),
  )

  serve(api.policies.remove, async ({ params: { id }, version, caller }) => {
    const { sequence } = await act(db, caller, async done => deletePolicy(done, await lockPolicy(done.tx, id, version)))
    return { body: undefined, sequence }
  })

  async function answer(caller: Caller, work: (done: Act) => Promise<PolicyRow>) {
    const { result, sequence } = await act(db, caller, async done => {
      const row = await work(done)
      return { version: row.version, body: presentPolicy(row, await loadVocabulary(done.tx)) }
    })
    return { ...result, sequence }
  }
}
