/** `/policies/{id}/versions` and `/policies/{id}/diff`: what a policy ever was. Reads only; of deleted policies too. */
import { api } from '@headgate/core/api'
import { findPolicyVersion, listPolicyVersions } from '../db/policy-version.ts'
import { requireReadable } from '../policies/authority.ts'
import { diffVersions } from '../policies/diff.ts'
import { presentVersion } from '../policies/present.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function policyHistoryRoutes(serve: Serve, { db, index: live }: World): void {
  serve(api.policies.versions, async ({ params: { id }, query, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      await requireReadable(tx, index, caller, id)
      const page = await listPolicyVersions(tx, id, query)
      return { body: { ...page, items: page.items.map(presentVersion) } }
    })
  })

  serve(api.policies.version, async ({ params: { id, version }, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      await requireReadable(tx, index, caller, id)
      return { body: presentVersion(await findPolicyVersion(tx, id, version)) }
    })
  })

  serve(api.policies.diff, async ({ params: { id }, query, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      await requireReadable(tx, index, caller, id)
      const from = await findPolicyVersion(tx, id, query.from)
      const to = await findPolicyVersion(tx, id, query.to)
      const changes = diffVersions(from, to)
      return { body: { policyId: id, from: presentVersion(from), to: presentVersion(to), changes } }
    })
  })
}
