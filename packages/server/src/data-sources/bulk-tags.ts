/**
 * Tags on many data sources: on all of them or, when one is refused, on none; then every refused one is named by its
 * place in the call. One act, whatever their number.
 */
import { Problem, rules } from '@headgate/core/api'
import { holdsAny, refusal } from '../access/allow.ts'
import { actsAsOwnerOf } from '../access/domain-rights.ts'
import { readableDataSources } from '../access/visibility.ts'
import { type Act, act, type Done } from '../db/act.ts'
import { type DataSourceRow, lockDataSources } from '../db/data-source.ts'
import { changeTagsOnAll } from '../db/data-source-tag.ts'
import { refuseReserved } from '../directory/reserved-names.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { guardrailsDropped } from './keep-guardrails.ts'

export interface TagChange {
  readonly dataSourceIds: readonly number[]
  readonly add: readonly string[]
  readonly remove: readonly string[]
}

/** @throws Problem with `items`: every refused one as `{index, code, message}`; the worst of them gives the code */
export async function changeTags(
  world: World,
  caller: Caller,
  { dataSourceIds, add, remove }: TagChange,
): Promise<Done<{ dataSources: number; added: number; removed: number }>> {
  refuseReserved(...add, ...remove)
  refuseBoth(add, remove)
  const { index } = await world.index.fresh()
  return act(world.db, caller, async done => {
    const rows = new Map((await lockDataSources(done.tx, dataSourceIds)).map(row => [row.id, row]))
    const readable = await readableDataSources(done.tx, index, caller)
    const known = readable === undefined ? rows : narrowed(rows, new Set(readable))
    refuseAll(dataSourceIds, id => known.has(id) || new Problem('data-source-not-found', { id }))
    await refuseStrangers(done, caller, dataSourceIds)
    const dropped = await guardrailsDropped(done.tx, caller, dataSourceIds, remove)
    refuseAll(dataSourceIds, id => dropped.get(id) ?? true)
    return { dataSources: rows.size, ...(await changeTagsOnAll(done, [...rows.values()], { add, remove })) }
  })
}

function narrowed(rows: ReadonlyMap<number, DataSourceRow>, readable: ReadonlySet<number>) {
  return new Map([...rows].filter(([id]) => readable.has(id)))
}

async function refuseStrangers({ tx }: Act, caller: Caller, ids: readonly number[]): Promise<void> {
  if (holdsAny(caller, rules.changeDataSource.anyOf)) return
  const owned = new Set(await actsAsOwnerOf(tx, caller))
  refuseAll(ids, id => owned.has(id) || refusal(rules.changeDataSource))
}

/** @param judge true where there is nothing against it */
function refuseAll(ids: readonly number[], judge: (id: number) => true | false | Problem): void {
  const refused = ids.flatMap((id, index) => {
    const problem = judge(id)
    return problem instanceof Problem ? [{ index, problem }] : []
  })
  const [first] = refused
  if (!first) return
  const items = refused.map(({ index, problem: { code, message } }) => ({ index, code, message }))
  throw new Problem(first.problem.code, { ...first.problem.detail, items })
}

function refuseBoth(add: readonly string[], remove: readonly string[]): void {
  const both = add.find(tag => remove.includes(tag))
  if (both === undefined && add.length + remove.length > 0) return
  const message = both === undefined ? 'names no tag to add or remove' : `both adds and removes \`${both}\``
  throw new Problem('request-invalid', { reason: `the body ${message}`, issues: [{ path: 'body', message }] })
}
