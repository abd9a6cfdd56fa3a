/** The exact effect of changes that nobody has made: asked of this node's index, which is as before afterwards. */
import { type DataSourceId, type Preview, preview, type UserId } from '@headgate/core'
import type { api, HypotheticalChange } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { grantsInUse } from '../db/grant-list.ts'
import { listIntegrations } from '../db/integration.ts'
import { type PageQuery, printCursor, readCursor } from '../db/page.ts'
import { findPeople } from '../db/person-name.ts'
import { recentRate } from '../db/run.ts'
import type { World } from '../world.ts'
import { hypothetical } from './changes.ts'

type Answer = z.input<typeof api.previews.make.response>

/** AWS's own quota per instance; it raises it on request. */
const mostGrants = 100_000

/** Throws Problem for what the changes name and is not there. */
export async function makePreview(
  { db, index: live }: Pick<World, 'db' | 'index'>,
  changes: readonly HypotheticalChange[],
  query: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Answer> {
  const after = afterOf(query.cursor)
  const toChanges = await db.snapshot(tx => hypothetical(tx, changes))
  const { index, sequence } = await live.fresh()
  const found = preview(index, toChanges(index), { limit: query.limit, ...(after ? { after } : {}) })
  const names = new Map(found.rows.map(({ dataSource: id }) => [id, index.bindings.sources.get(id)?.row.name ?? '']))
  return db.snapshot(async tx => {
    const people = await findPeople(tx, [...new Set(found.rows.map(({ user }) => user))])
    const { movements, people: counted, dataSources, entitlements, digest, next } = found
    return {
      sequence,
      movements: { ...movements },
      people: counted,
      dataSources,
      entitlements,
      integrations: await integrationsIn(tx, found),
      items: found.rows.flatMap(({ user, dataSource, ...levels }) => {
        const person = people.get(user)
        return person
          ? [{ user: person, dataSource: { id: dataSource, name: names.get(dataSource) ?? '' }, ...levels }]
          : []
      }),
      ...(next ? { next: printCursor(`${next.dataSource}/${next.user}`) } : {}),
      total: movements.gained + movements.lost + movements.raised + movements.lowered,
      digest,
    }
  })
}

async function integrationsIn(tx: Tx, { grants }: Preview): Promise<Answer['integrations']> {
  const names = new Map((await listIntegrations(tx)).map(({ id, name }) => [id, name]))
  const found: Answer['integrations'] = []
  for (const { integration, create, revoke, unmapped } of grants) {
    const rate = await recentRate(tx, integration)
    found.push({
      integrationId: String(integration),
      name: names.get(integration) ?? '',
      grants: { create, revoke },
      unmapped,
      quota: { usedAfter: (await grantsInUse(tx, integration)) + create - revoke, of: mostGrants },
      ...(rate === undefined ? {} : { estimatedSeconds: (create + revoke) / rate }),
    })
  }
  return found
}

function afterOf(cursor: string | undefined) {
  const [dataSource, user] = (readCursor(cursor) ?? '').split('/').map(Number)
  if (cursor === undefined || dataSource === undefined) return undefined
  // A cursor of another list: begin where nothing is left rather than repeat.
  const [source, person] = [dataSource, user].map(id => (Number.isSafeInteger(id) ? id : Number.MAX_SAFE_INTEGER))
  return { dataSource: source as DataSourceId, user: person as UserId }
}
