/** `/policies`: create, read, check, edit and lead through their life. Every write names the version it changes and makes the next. */
import { api, Problem } from '@headgate/core/api'
import { type Act, act, type Tx } from '../db/act.ts'
import { lockDataSource } from '../db/data-source.ts'
import { holdDomains } from '../db/domain.ts'
import {
  deletePolicy,
  editPolicy,
  findPolicy,
  insertPolicy,
  listPolicies,
  lockForUse,
  lockPolicy,
  type PolicyContent,
  type PolicyReach,
  type PolicyRow,
  setPolicyState,
} from '../db/policy.ts'
import { removeSelections } from '../db/policy-selection.ts'
import { findPolicyVersion } from '../db/policy-version.ts'
import { suggestNames } from '../db/suggest-names.ts'
import { loadVocabulary } from '../db/vocabulary.ts'
import { type Acknowledgement, requireAcknowledged } from '../policies/acknowledge.ts'
import {
  mayRead,
  readablePolicies,
  requireAuthor,
  requireAuthority,
  requireReadable,
  requireWritable,
} from '../policies/authority.ts'
import { checkPolicy, domainsIn, everything, type Written } from '../policies/check.ts'
import { lintPolicy } from '../policies/lint.ts'
import { namesIn } from '../policies/names.ts'
import { presentPolicy } from '../policies/present.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function policyRoutes(serve: Serve, { db, index: live }: World): void {
  serve(api.policies.list, async ({ query, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      const page = await listPolicies(tx, query, await readablePolicies(tx, index, caller))
      const names = namesIn(page.items.map(({ definition }) => definition))
      const vocabulary = await loadVocabulary(tx, names, { near: false })
      return { body: { ...page, items: page.items.map(row => presentPolicy(row, vocabulary)) } }
    })
  })

  serve(api.policies.get, async ({ params: { id }, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      await requireReadable(tx, index, caller, id)
      return answerOf(tx, await requirePolicy(tx, id))
    })
  })

  serve(api.policies.check, async ({ body, caller }) =>
    db.snapshot(async tx => {
      await requireAuthor(tx, caller)
      return { body: await lintPolicy(tx, body) }
    }),
  )

  serve(api.policies.names, async ({ query: { kind, key = '', search = '', limit }, caller }) =>
    db.snapshot(async tx => {
      await requireAuthor(tx, caller)
      return { body: { names: await suggestNames(tx, { kind, key, search, limit }) } }
    }),
  )

  serve(api.policies.create, async ({ body: { state, acknowledge, domain, dataSource, ...input }, caller }) =>
    write(caller, async done => {
      const reach = { domain: domain ?? null, data_source_id: dataSource ?? null }
      await requireAuthority(done.tx, caller, reach)
      await holdReach(done.tx, reach)
      const content = await checkForUse(done.tx, contentOf(input), reach)
      const acknowledged = state === 'active' ? requireAcknowledged(content, acknowledge) : []
      return insertPolicy(done, content, { state, reach, acknowledged })
    }),
  )

  serve(api.policies.edit, async ({ params: { id }, body: { acknowledge, ...input }, version, caller }) =>
    writeTo(id, caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      return change(done, before, contentOf(input), { acknowledge })
    }),
  )

  serve(api.policies.restore, async ({ params: { id }, body, version, caller }) =>
    writeTo(id, caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      const { name, definition } = await findPolicyVersion(done.tx, id, body.version)
      return change(done, before, { name, definition }, { acknowledge: body.acknowledge, restoredFrom: body.version })
    }),
  )

  serve(api.policies.clone, async ({ params: { id }, body: { name }, caller }) =>
    writeTo(id, caller, async done => {
      const { definition, version, domain, data_source_id } = await requirePolicy(done.tx, id)
      const reach = { domain, data_source_id }
      const content = await checkForUse(done.tx, { name, definition }, reach)
      return insertPolicy(done, content, { state: 'staged', reach, clonedFrom: { policy: id, version } })
    }),
  )

  serve(api.policies.activate, async ({ params: { id }, body, version, caller }) =>
    writeTo(id, caller, async done => {
      const before = await lockForUse(done.tx, id, version)
      if (before.state === 'active') return before
      return setPolicyState(done, before, 'active', requireAcknowledged(before, body?.acknowledge ?? []))
    }),
  )

  serve(api.policies.stage, async ({ params: { id }, version, caller }) =>
    writeTo(id, caller, async done => setPolicyState(done, await lockPolicy(done.tx, id, version), 'staged')),
  )

  serve(api.policies.archive, async ({ params: { id }, version, caller }) =>
    writeTo(id, caller, async done => setPolicyState(done, await lockPolicy(done.tx, id, version), 'archived')),
  )

  serve(api.policies.remove, async ({ params: { id }, version, caller }) => {
    const { index } = await live.fresh()
    const { sequence } = await act(db, caller, async done => {
      await requireWritable(done.tx, index, caller, id)
      await deletePolicy(done, await lockPolicy(done.tx, id, version))
      await removeSelections(done, { policy: id }, 'policy-deleted')
    })
    return { body: undefined, sequence }
  })

  async function writeTo(id: number, caller: Caller, work: (done: Act) => Promise<PolicyRow>) {
    const { index } = await live.fresh()
    return write(caller, async done => {
      await requireWritable(done.tx, index, caller, id)
      return work(done)
    })
  }

  async function write(caller: Caller, work: (done: Act) => Promise<PolicyRow>) {
    const { result, sequence } = await act(db, caller, async done => answerOf(done.tx, await work(done))).catch(
      async error => {
        throw await withoutHidden(caller, error)
      },
    )
    return { ...result, sequence }
  }

  /** Of a policy that has the name already, who may not read it learns no more than that. */
  async function withoutHidden(caller: Caller, error: unknown): Promise<unknown> {
    if (!(error instanceof Problem) || error.code !== 'policy-name-taken') return error
    const { name, id } = error.detail
    const { index } = await live.fresh()
    const isShown = await db.snapshot(tx => mayRead(tx, index, caller, Number(id)))
    return isShown ? error : new Problem('policy-name-taken', { name }, { cause: error })
  }
}

/** An active policy takes effect as it is stored, so it needs what activating it would need. */
async function change(
  done: Act,
  before: PolicyRow,
  content: Written,
  { acknowledge, restoredFrom }: { acknowledge: readonly Acknowledgement[]; restoredFrom?: number },
): Promise<PolicyRow> {
  const checked = await checkForUse(done.tx, content, before)
  const acknowledged = before.state === 'active' ? requireAcknowledged(checked, acknowledge) : []
  return editPolicy(done, before, checked, { acknowledged, ...(restoredFrom === undefined ? {} : { restoredFrom }) })
}

/** As `checkPolicy`; the domains that it names stay until commit. */
async function checkForUse(tx: Tx, content: Written, reach: PolicyReach): Promise<PolicyContent> {
  await holdDomains(tx, domainsIn(content.definition.appliesTo ?? everything))
  return checkPolicy(tx, content, reach)
}

/** What it reaches stays until commit. Throws Problem `domain-not-found`, `data-source-not-found`. */
async function holdReach(tx: Tx, { domain, data_source_id: dataSource }: PolicyReach): Promise<void> {
  const [missing] = domain === null ? [] : await holdDomains(tx, [domain])
  if (missing !== undefined) throw new Problem('domain-not-found', { name: missing })
  if (dataSource === null || (await lockDataSource(tx, dataSource))) return
  throw new Problem('data-source-not-found', { id: dataSource })
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
