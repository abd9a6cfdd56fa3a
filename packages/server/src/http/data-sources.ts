/** `/data-sources`: read, tag, add members, disable, restore. Who may: `access/visibility.ts`. */
import { api, Problem } from '@headgate/core/api'
import { describeDataSource } from '../access/describe.ts'
import { listAccessTo } from '../access/list.ts'
import { lockForChange } from '../access/visibility.ts'
import { browse } from '../data-sources/browse.ts'
import { changeTags } from '../data-sources/bulk-tags.ts'
import { tellTheEnd } from '../data-sources/end.ts'
import { checkNow } from '../data-sources/health.ts'
import { keepGuardrails, keepGuardrailsAbove, without } from '../data-sources/keep-guardrails.ts'
import { listForCaller } from '../data-sources/list.ts'
import { restoreDataSource } from '../data-sources/restore.ts'
import { type Act, act } from '../db/act.ts'
import type { DataSourceRow } from '../db/data-source.ts'
import { addOwner, removeOwner } from '../db/data-source-owner.ts'
import { deleteDataSource, describeAnew, setDataSourceState } from '../db/data-source-state.ts'
import { addTags, removeTags } from '../db/data-source-tag.ts'
import { presentDataSources } from '../db/data-source-view.ts'
import { type MemberInput, removeMember, type Subject, setMember } from '../db/member.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function dataSourceRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.dataSources.list, async ({ query, caller }) => ({ body: await listForCaller(world, caller, query) }))

  serve(api.dataSources.get, async ({ params: { id }, caller }) => ({
    body: await describeDataSource(world, caller, id),
  }))

  serve(api.dataSources.access, async ({ params: { id }, query, caller }) => ({
    body: await listAccessTo(world, caller, id, query),
  }))

  serve(api.dataSources.update, async ({ params: { id }, body, caller }) => {
    const { result, sequence } = await change(caller, id, async (done, row) => {
      await keepGuardrails(done.tx, caller, row, fact => ({ ...fact, name: body.name ?? fact.name }))
      return present(done, await describeAnew(done, row, body))
    })
    return { body: result, sequence }
  })

  serve(api.dataSources.check, async ({ params: { id }, caller }) => {
    const { index } = await world.index.fresh()
    const row = await db.transaction(tx => lockForChange(tx, index, caller, id))
    return { body: await checkNow(world, row) }
  })

  serve(api.dataSources.browse, async ({ params: { id }, query }) => ({ body: await browse(world, id, query) }))

  serve(api.dataSources.changeTags, async ({ body, caller }) => {
    const { result, sequence } = await changeTags(world, caller, body)
    return { body: result, sequence }
  })

  serve(api.dataSources.setOwner, async ({ params: { id, userId }, caller }) => {
    const { result } = await change(caller, id, (done, row) => addOwner(done, row, { user: userId }))
    return { body: result }
  })

  serve(api.dataSources.removeOwner, async ({ params: { id, userId }, caller }) => {
    const { result } = await change(caller, id, (done, row) => endOwner(done, caller, row, { user: userId }))
    return { body: result }
  })

  serve(api.dataSources.setGroupOwner, async ({ params: { id, groupId }, caller }) => {
    const { result } = await change(caller, id, (done, row) => addOwner(done, row, { group: groupId }))
    return { body: result }
  })

  serve(api.dataSources.removeGroupOwner, async ({ params: { id, groupId }, caller }) => {
    const { result } = await change(caller, id, (done, row) => endOwner(done, caller, row, { group: groupId }))
    return { body: result }
  })

  serve(api.dataSources.addTags, async ({ params: { id }, body: { tags }, caller }) => {
    refuseReserved(...tags)
    const { result, sequence } = await change(caller, id, (done, row) => addTags(done, row, tags))
    return { body: { tags: result }, sequence }
  })

  serve(api.dataSources.removeTags, async ({ params: { id }, body: { tags }, caller }) => {
    refuseReserved(...tags)
    const { result, sequence } = await change(caller, id, async (done, row) => {
      await keepGuardrails(done.tx, caller, row, fact => without(fact, tags))
      return removeTags(done, row, tags)
    })
    return { body: { tags: result }, sequence }
  })

  serve(api.dataSources.setMember, async ({ params: { id, userId }, body, caller }) => {
    const { result, sequence } = await change(caller, id, (done, row) => putMember(done, row, { user: userId }, body))
    return { body: result, sequence }
  })

  serve(api.dataSources.removeMember, async ({ params: { id, userId }, caller }) => {
    const { sequence } = await change(caller, id, (done, row) => removeMember(done, row, { user: userId }))
    return { body: undefined, sequence }
  })

  serve(api.dataSources.setGroupMember, async ({ params: { id, groupId }, body, caller }) => {
    const { result, sequence } = await change(caller, id, (done, row) => putMember(done, row, { group: groupId }, body))
    return { body: result, sequence }
  })

  serve(api.dataSources.removeGroupMember, async ({ params: { id, groupId }, caller }) => {
    const { sequence } = await change(caller, id, (done, row) => removeMember(done, row, { group: groupId }))
    return { body: undefined, sequence }
  })

  serve(api.dataSources.remove, async ({ params: { id }, query: { hard = false }, caller }) => {
    const { result, sequence } = await change(caller, id, async (done, row) => {
      const message = await endDataSource(done, caller, row, hard)
      return { id, state: hard ? ('deleted' as const) : ('disabled' as const), message }
    })
    return { body: result, sequence }
  })

  serve(api.dataSources.removeInSteps, async ({ params: { id }, caller }) => {
    const { result, sequence } = await change(caller, id, async (done, row) => {
      const hardDelete = row.state === 'disabled'
      return { id, hardDelete, message: await endDataSource(done, caller, row, hardDelete) }
    })
    return { body: result, sequence }
  })

  serve(api.dataSources.restore, async ({ params: { id }, caller }) => {
    const { index } = await world.index.fresh()
    const { result, sequence } = await act(db, caller, async done => {
      return present(done, await restoreDataSource(done, index, caller, id))
    })
    return { body: result, sequence }
  })

  async function change<T>(caller: Caller, id: number, work: (done: Act, row: DataSourceRow) => Promise<T>) {
    const { index } = await world.index.fresh()
    return act(db, caller, async done => work(done, await lockForChange(done.tx, index, caller, id)))
  }
}

async function present({ tx }: Act, row: DataSourceRow) {
  const [shown] = await presentDataSources(tx, [row])
  if (!shown) throw new Problem('data-source-not-found', { id: row.id })
  return shown
}

function endOwner(done: Act, caller: Caller, row: DataSourceRow, subject: Subject) {
  return removeOwner(done, row, subject, { mayOrphan: caller.permissions.has('GOVERNANCE') })
}

/** @returns what to tell whoever ended it; throws Problem `guardrail-would-drop` where it goes for good */
async function endDataSource(done: Act, caller: Caller, row: DataSourceRow, forGood: boolean): Promise<string> {
  if (forGood) await keepGuardrailsAbove(done.tx, caller, row)
  const message = await tellTheEnd(done, row)
  if (forGood) await deleteDataSource(done, row)
  else await setDataSourceState(done, row, 'disabled')
  return message
}

/** @throws Problem `data-source-disabled`, `request-invalid` for an end that has passed */
function putMember(
  done: Act,
  row: DataSourceRow,
  subject: Subject,
  { level, until, reason }: Omit<MemberInput, 'until'> & { readonly until?: string | undefined },
) {
  if (row.state !== 'active') throw new Problem('data-source-disabled', { id: row.id })
  const end = until === undefined ? undefined : Date.parse(until)
  if (end !== undefined && end <= done.now) {
    const issue = { path: 'body.until', message: 'must lie in the future' }
    throw new Problem('request-invalid', { reason: `\`${issue.path}\` ${issue.message}`, issues: [issue] })
  }
  return setMember(done, row, subject, { level, until: end, reason })
}
