/** The exact effect of writes that nobody has made: rehearsed, and asked of this node's index, which is as before afterwards. */
import {
  type DataSourceId,
  type EntitlementIndex,
  type Moves,
  movesOf,
  type Preview,
  previewOf,
  supposing,
  type UserId,
} from '@headgate/core'
import type { api, HypotheticalChange } from '@headgate/core/api'
import type { z } from 'zod'
import { readableDataSources } from '../access/visibility.ts'
import { type PageQuery, printCursor, readCursor } from '../db/page.ts'
import { findPeople } from '../db/person-name.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { integrationEffects } from './integration-effects.ts'
import { type Rehearsed, rehearseWrites } from './rehearse-writes.ts'
import { giveToken } from './token.ts'
import { writeOf } from './writes.ts'

type Answer = z.input<typeof api.previews.make.response>

/** Throws Problem for whatever the writes would be refused for. */
export async function makePreview(
  world: World,
  caller: Caller,
  changes: readonly HypotheticalChange[],
  query: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Answer> {
  const after = afterOf(query.cursor)
  const { index: before } = await world.index.fresh()
  const readable = await world.db.snapshot(tx => readableDataSources(tx, before, caller))
  const mayRead = readable && new Set(readable)
  const page = {
    limit: query.limit,
    ...(after ? { after } : {}),
    ...(mayRead ? { isShown: (id: DataSourceId) => mayRead.has(id) } : {}),
  }
  const { found, named, sequence, moves } = await rehearseWrites(world, caller, changes.map(writeOf), async steps => {
    const { index, sequence } = await world.index.fresh()
    return { sequence, ...lookAt(index, steps, page) }
  })
  const shown = { actor: caller.id, sequence, digest: found.digest }
  const token = after
    ? {}
    : await (typeof moves === 'string' ? { noToken: moves } : giveToken(world, { ...shown, changes: moves }))
  return world.db.snapshot(async tx => {
    const people = await findPeople(tx, [...new Set(found.rows.map(({ user }) => user))])
    const { movements, people: counted, dataSources, entitlements, digest, next, total } = found
    return {
      sequence,
      movements: { ...movements },
      people: counted,
      dataSources,
      entitlements,
      integrations: await integrationEffects(tx, found.grants),
      items: found.rows.flatMap(({ user, dataSource, ...levels }) => {
        const person = people.get(user)
        return person
          ? [{ user: person, dataSource: { id: dataSource, name: '' }, ...named.get(dataSource), ...levels }]
          : []
      }),
      ...(next ? { next: printCursor(`${next.dataSource}/${next.user}`) } : {}),
      total,
      hidden: movements.gained + movements.lost + movements.raised + movements.lowered - total,
      digest,
      ...token,
    }
  })
}

/** Each step is looked at by itself, which costs as much as the whole. */
const mostSteps = 20
/** People and data sources that a step may be about: some megabytes, a second to hold the write against. */
const mostMoves = 2_000_000

/** For each step what it moves by itself, or why there is no token. */
type StepMoves = readonly { readonly hash: Buffer; readonly moves: Moves }[] | NonNullable<Answer['noToken']>

function lookAt(
  index: EntitlementIndex,
  steps: readonly Rehearsed[],
  page: Parameters<typeof previewOf>[1],
): { found: Preview; named: ReadonlyMap<number, Named>; moves: StepMoves } {
  function* all() {
    for (const { changes } of steps) yield* changes(index)
  }
  const isOne = steps.length === 1
  const isShown = page?.isShown
  const { whole, found, later } = supposing(index, all(), supposed => {
    const found = previewOf(supposed, page)
    return { found, later: namedIn(index, found, isShown), whole: isOne ? movesOf(supposed, mostMoves) : undefined }
  })
  // What goes has its name now, what comes had it then.
  const looked = { found, named: new Map([...namedIn(index, found, isShown), ...later]) }
  if (steps.length > mostSteps) return { ...looked, moves: 'tooManyChanges' }
  const each = isOne ? [whole] : movesOfEach(index, steps)
  const moves = steps.flatMap(({ hash }, at) => (each[at] ? [{ hash, moves: each[at] }] : []))
  return { ...looked, moves: moves.length === steps.length ? moves : 'tooManyMovements' }
}

type Named = Pick<Answer['items'][number], 'dataSource' | 'opens'>

/** More would be long to read; their number is told. */
const mostOpened = 20

/** The data sources of the rows, with the active ones inside their scope: whoever reaches them reads those as well. */
function namedIn(
  { bindings }: EntitlementIndex,
  { rows }: Preview,
  isShown: (id: DataSourceId) => boolean = () => true,
): Map<number, Named> {
  const ids = new Set(rows.map(({ dataSource }) => dataSource))
  const sources = Array.from(ids).flatMap(id => bindings.sources.get(id) ?? [])
  return new Map(
    sources.map(source => {
      const inside = bindings.covered(source).filter(({ id, row }) => !row.disabled && isShown(id))
      const items = inside.slice(0, mostOpened).map(({ id, row }) => ({ id, name: row.name }))
      const dataSource = { id: source.id, name: source.row.name }
      return [source.id, inside.length === 0 ? { dataSource } : { dataSource, opens: { total: inside.length, items } }]
    }),
  )
}

/** One on top of the other. */
function movesOfEach(index: EntitlementIndex, [first, ...rest]: readonly Rehearsed[]): (Moves | undefined)[] {
  if (!first) return []
  return supposing(index, first.changes(index), supposed => [movesOf(supposed, mostMoves), ...movesOfEach(index, rest)])
}

function afterOf(cursor: string | undefined) {
  const [dataSource, user] = (readCursor(cursor) ?? '').split('/').map(Number)
  if (cursor === undefined || dataSource === undefined) return undefined
  // A cursor of another list: begin where nothing is left rather than repeat.
  const [source, person] = [dataSource, user].map(id => (Number.isSafeInteger(id) ? id : Number.MAX_SAFE_INTEGER))
  return { dataSource: source as DataSourceId, user: person as UserId }
}
