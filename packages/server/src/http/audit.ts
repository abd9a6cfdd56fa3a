/** `/audit`: the trail as it is read, as files, and the keys that sign it. */
import { api } from '@headgate/core/api'
import { rotateSigningKey } from '../audit/checkpoint.ts'
import { readPage, streamLines, trailLines } from '../audit/read.ts'
import { requireInSight, sightOf } from '../audit/visible.ts'
import { act } from '../db/act.ts'
import { listCheckpoints } from '../db/audit-checkpoint.ts'
import { listKeys, type SigningKey, trail } from '../db/audit-key.ts'
import { findEvent, readState } from '../db/audit-list.ts'
import { sealAll } from '../db/audit-seal.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function auditRoutes(serve: Serve, world: World): void {
  const { db } = world

  serve(api.audit.list, async ({ query, caller }) => ({ body: await readPage(db, caller, query) }))

  serve(api.audit.stream, async ({ query, caller }) => {
    await tellDownload(caller, 'stream', query)
    return { file: streamLines(db, caller, query), name: 'audit-events.ndjson' }
  })

  serve(api.audit.trail, async ({ query, caller }) => {
    await tellDownload(caller, 'trail', query)
    return { file: trailLines(db, query.fromBatch), name: 'audit-trail.ndjson' }
  })

  serve(api.audit.state, async () => {
    const state = await readState(db.kysely)
    const [last] = await listCheckpoints(db.kysely, 1)
    const { waitingSince, ...rest } = state
    return {
      body: {
        ...rest,
        ...(waitingSince !== null && { waitingSince: new Date(waitingSince).toISOString() }),
        ...(last && {
          lastCheckpoint: {
            position: last.position,
            batch: last.batch,
            at: new Date(last.at).toISOString(),
            keyId: last.key,
            statement: last.statement,
            signature: last.signature,
          },
        }),
      },
    }
  })

  serve(api.audit.keys, async () => ({ body: (await listKeys(db.kysely)).map(present) }))

  serve(api.audit.rotateKey, async ({ caller }) => ({ body: present(await rotateSigningKey(world, caller)) }))

  serve(api.audit.get, async ({ params: { id }, caller }) => {
    await sealAll(db)
    return {
      body: await db.snapshot(async tx =>
        requireInSight(caller, await sightOf(tx, caller), id, await findEvent(tx, id)),
      ),
    }
  })

  /** Who took much of it away is a part of it. */
  async function tellDownload(caller: Caller, what: 'stream' | 'trail', query: object): Promise<void> {
    await act(db, caller, async ({ audit }) => {
      audit({
        action: 'EXPORT',
        targetType: trail.type,
        targets: [trail],
        payload: { type: 'AuditDownloaded', what, filter: { ...query } },
      })
    })
  }
}

function present({ createdAt, ...key }: SigningKey) {
  return { ...key, createdAt: new Date(createdAt).toISOString() }
}
