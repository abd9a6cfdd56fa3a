/** `/policies`: create, read, check, edit and lead through their life. Every write names the version it changes and makes the next. */
import { api, Problem } from '@headgate/core/api'
import { type Act, act, type Tx } from '../db/act.ts'
import {
  deletePolicy,
  editPolicy,
  findPolicy,
  insertPolicy,
  listPolicies,
  lockForUse,
  lockPolicy,
  type PolicyContent,
  type PolicyRow,
  setPolicyState,
} from '../db/policy.ts'
import { findPolicyVersion } from '../db/policy-version.ts'
import { loadVocabulary } from '../db/vocabulary.ts'
import { type Acknowledgement, requireAcknowledged } from '../policies/acknowledge.ts'
import { checkPolicy } from '../policies/check.ts'
import { lintPolicy } from '../policies/lint.ts'
import { namesIn } from '../policies/names.ts'
import { presentPolicy } from '../policies/present.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function policyRoutes(serve: Serve, { db }: World): void {
  serve(api.policies.list, async ({ query }) =>
    db.snapshot(async tx => {
      const page = await listPolicies(tx, query)
      const names = namesIn(page.items.map(({ definition }) => definition))
      const vocabulary = await loadVocabulary(tx, names, { near: false })
      return { body: { ...page, items: page.items.map(row => presentPolicy(row, vocabulary)) } }
    }),
  )

  serve(api.policies.get, async ({ params: { id } }) =>
    db.snapshot(async tx => answerOf(tx, await requirePolicy(tx, id))),
  )

  serve(api.policies.check, async ({ body }) => db.snapshot(async tx => ({ body: await lintPolicy(tx, body) })))

  serve(api.policies.create, async ({ body: { state, acknowledge, ...input }, caller }) =>
    write(caller, async done => {
      const content = await checkPolicy(done.tx, contentOf(input))
      const acknowledged = state === 'active' ? requireAcknowledged(content, acknowledge) : []
      return insertPolicy(done, content, { state, acknowledged })
    }),
  )

  serve(api.policies.edit, async ({ params: { id }, body: { acknowledge, ...input }, version, caller }) =>
    write(caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      return change(done, before, contentOf(input), { acknowledge })
    }),
  )

  serve(api.policies.restore, async ({ params: { id }, body, version, caller }) =>
    write(caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      const { name, definition } = await findPolicyVersion(done.tx, id, body.version)
      return change(done, before, { name, definition }, { acknowledge: body.acknowledge, restoredFrom: body.version })
    }),
  )

  serve(api.policies.clone, async ({ params: { id }, body: { name }, caller }) =>
    write(caller, async done => {
      const { definition, version } = await requirePolicy(done.tx, id)
      const content = await checkPolicy(done.tx, { name, definition })
      return insertPolicy(done, content, { state: 'staged', clonedFrom: { policy: id, version } })
    }),
  )

  serve(api.policies.activate, async ({ params: { id }, body, version, caller }) =>
    write(caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      if (before.state === 'active') return before
      return setPolicyState(done, before, 'active', requireAcknowledged(before, body?.acknowledge ?? []))
    }),
  )

  serve(api.policies.stage, async ({ params: { id }, version, caller }) =>
    write(caller, async done => setPolicyState(done, await lockPolicy(done.tx, id, version), 'staged')),
  )

  serve(api.policies.archive, async ({ params: { id }, version, caller }) =>
    write(caller, async done => setPolicyState(done, await lockPolicy(done.tx, id, version), 'archived')),
  )

  serve(api.policies.remove, async ({ params: { id }, version, caller }) => {
    const { sequence } = await act(db, caller, async done => deletePolicy(done, await lockPolicy(done.tx, id, version)))
    return { body: undefined, sequence }
  })

  async function write(caller: Caller, work: (done: Act) => Promise<PolicyRow>) {
    const { result, sequence } = await act(db, caller, async done => answerOf(done.tx, await work(done)))
    return { ...result, sequence }
  }
}

/** An active policy takes effect as it is stored, so it needs what activating it would need. */
async function change(
  done: Act,
  before: PolicyRow,
  content: PolicyContent,
  { acknowledge, restoredFrom }: { acknowledge: readonly Acknowledgement[]; restoredFrom?: number },
): Promise<PolicyRow> {
  const checked = await checkPolicy(done.tx, content)
  const acknowledged = before.state === 'active' ? requireAcknowledged(checked, acknowledge) : []
  return editPolicy(done, before, checked, { acknowledged, ...(restoredFrom === undefined ? {} : { restoredFrom }) })
}

function contentOf<Definition>({ name, ...definition }: { readonly name: string } & Definition) {
  return { name, definition }
}

async function requirePolicy(tx: Tx, id: number): Promise<PolicyRow> {
  const row = await findPolicy(tx, id)
  if (!row) throw new Problem('policy-not-found', { id })
  return row
}

async function answerOf(tx: Tx, row: PolicyRow) {
  const vocabulary = await loadVocabulary(tx, namesIn([row.definition]), { near: true })
  return { version: row.version, body: presentPolicy(row, vocabulary) }
}
