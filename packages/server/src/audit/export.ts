/**
 * Exports the audit trail to S3: every sealed event once, in objects named by the positions they hold. What each object
 * holds is settled before it is written and the same at every try, and none that is there is written again: whatever is
 * lost, killed or done by two nodes at once, there is no gap and no double. A signed checkpoint follows the events.
 */
import { hash } from 'node:crypto'
import { AwsFailure } from '../aws/aws-error.ts'
import { act, system } from '../db/act.ts'
import { readLinks } from '../db/audit-chain.ts'
import { headOf, listCheckpoints } from '../db/audit-checkpoint.ts'
import {
  batchAt,
  type ExportRange,
  endExport,
  failRange,
  finishRange,
  nextExportRange,
  renewExport,
  takeDueExport,
} from '../db/audit-export.ts'
import { sealAll } from '../db/audit-seal.ts'
import { auditTargetOf, findTarget, type TargetRow } from '../db/export-target.ts'
import { every, type Recurring } from '../every.ts'
import { type OpenTarget, openTarget, targetOfRow } from '../export/target.ts'
import { notify } from '../notify/notify.ts'
import type { World } from '../world.ts'
import { makeCheckpoint } from './checkpoint.ts'
import { fileName, printCheckpoint } from './outside.ts'
import { printLink } from './trail-file.ts'

type Exports = Pick<World, 'db' | 'vault' | 'aws' | 'log'>

/** All that are due, one after the other; what fails is told and tried again later. */
export async function exportDue(world: Exports): Promise<void> {
  for (let id = await takeDueExport(world.db.kysely); id !== undefined; id = await takeDueExport(world.db.kysely)) {
    await exportOne(world, id)
  }
}

/** Now, whether it is due or not; nothing where it is under way. */
export async function exportNow(world: Exports, only: number): Promise<void> {
  const id = await takeDueExport(world.db.kysely, only)
  if (id !== undefined) await exportOne(world, id)
}

async function exportOne(world: Exports, id: number): Promise<void> {
  const { db, log } = world
  const row = await findTarget(db.kysely, 'audit', id)
  if (!row) return
  try {
    await sealAll(db)
    await exportTo(world, row)
    await endExport(db.kysely, id, true)
  } catch (error) {
    await endExport(db.kysely, id, false)
    log.error({ err: error, export: id }, 'audit events could not be exported')
    const problem = problemOf(error)
    await act(db, system, async doing => {
      await notify(doing, {
        kind: 'export.failed',
        to: { permission: 'AUDIT' },
        about: { type: 'exportTarget', id },
        facts: { of: { id: String(id), name: `s3://${row.bucket}/${row.path}` }, problem },
        // A day of failures is told once.
        once: `audit ${id} ${new Date(doing.now).toISOString().slice(0, 10)}`,
      })
    })
  }
}

async function exportTo(world: Exports, row: TargetRow): Promise<void> {
  const { db } = world
  const open = openTarget(world, targetOfRow(world.vault, row))
  try {
    // What is done meanwhile belongs to the next time: or it would never end, as each object is told of in the trail.
    const end = (await headOf(db.kysely))?.position ?? 0
    for (;;) {
      const range = await db.transaction(tx => nextExportRange(tx, row.id))
      if (!range) break
      await renewExport(db.kysely, row.id)
      await exportRange(world, row, open, range)
      if (range.lastPosition >= end) break
    }
    await exportCheckpoint(world, open)
  } finally {
    open.close()
  }
}

async function exportRange(world: Exports, row: TargetRow, open: OpenTarget, range: ExportRange): Promise<void> {
  const { db } = world
  try {
    const { key, body } = await objectOf(world, range)
    const done = await putOnce(open, key, body)
    await act(db, system, async ({ tx, audit }) => {
      if (!(await finishRange(tx, row.id, range, done))) return
      audit({
        action: 'EXPORT',
        targetType: 'EXPORT',
        targets: [auditTargetOf(row)],
        payload: {
          type: 'AuditExported',
          key: open.keyOf(key),
          firstPosition: range.firstPosition,
          lastPosition: range.lastPosition,
          bytes: done.bytes,
          sha256: done.sha256,
        },
      })
    })
  } catch (error) {
    await failRange(db.kysely, range, problemOf(error))
    throw error
  }
}

/** The same for the same range, whenever and by whomever it is made. */
async function objectOf({ db }: Exports, { firstPosition, lastPosition }: ExportRange) {
  const fromBatch = await batchAt(db.kysely, firstPosition)
  if (fromBatch === undefined) throw new Error(`no batch begins at event ${firstPosition}: verify the audit trail`)
  const parts: string[] = []
  let day = ''
  for await (const link of readLinks(db.kysely, { fromBatch, through: lastPosition, entries: false })) {
    day ||= new Date(link.sealedAt).toISOString().slice(0, 10)
    parts.push(printLink(link))
  }
  const [first, last] = [firstPosition, lastPosition].map(position => String(position).padStart(12, '0'))
  return { key: `audit/date=${day}/events-${first}-${last}.ndjson`, body: Buffer.from(parts.join('')) }
}

/** An answer that was lost, or another node, may have put it there. */
async function putOnce(open: OpenTarget, key: string, body: Buffer) {
  try {
    return await open.putNew(key, body, 'application/x-ndjson')
  } catch (error) {
    if (!(error instanceof AwsFailure) || error.code !== 'PreconditionFailed') throw error
    for await (const found of open.list(key)) {
      if (found.key !== key) continue
      if (found.bytes === body.length) return { bytes: body.length, sha256: hashOf(body) }
      throw new Error(
        `\`${open.keyOf(key)}\` is there with ${found.bytes} bytes instead of ${body.length}: somebody else wrote it; move it away`,
      )
    }
    throw error
  }
}

function hashOf(body: Buffer): string {
  return hash('sha256', body, 'hex')
}

async function exportCheckpoint(world: Exports, open: OpenTarget): Promise<void> {
  await makeCheckpoint(world, 0)
  for (const checkpoint of (await listCheckpoints(world.db.kysely, mostCheckpoints)).reverse()) {
    const key = `audit/checkpoints/${fileName(checkpoint)}`
    await putOnce(open, key, Buffer.from(printCheckpoint(checkpoint)))
  }
}

/** Those of the days since the last export among them. */
const mostCheckpoints = 5

function problemOf(error: unknown): string {
  if (error instanceof AwsFailure) return `AWS answered ${error.operation} with ${error.code} (${error.message})`
  return error instanceof Error ? error.message : String(error)
}

/** Looks for what is due; every node does, one gets it. */
export function startAuditExports(world: Exports): Recurring {
  return every({
    everyMs: turnMs,
    look: () => exportDue(world),
    onFailure: err => world.log.error({ err }, 'exports of audit events could not be looked for'),
  })
}

const turnMs = 10_000
