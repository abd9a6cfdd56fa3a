/**
 * A file taken in: all of it or nothing. Read whole before anything is locked, then stored set by set.
 *
 * A dry run does the very same and takes it back; it also tells how many grants would be revoked, while that takes no
 * longer than the import itself.
 */

import { createHash } from 'node:crypto'
import { previewOf, supposing } from '@headgate/core'
import { act, type Done } from '../db/act.ts'
import type { Db, UnstoredChange } from '../db/open.ts'
import { rehearse } from '../db/rehearsal.ts'
import { type Caller, whoCalls } from '../http/serve.ts'
import { realChanges } from '../live-index/apply.ts'
import { newsOf } from '../live-index/news.ts'
import type { World } from '../world.ts'
import { attributes } from './attributes.ts'
import { type Bytes, type Line, readCsv } from './csv-read.ts'
import { Findings } from './findings.ts'
import { groups } from './groups.ts'
import type { Kind, Mode } from './kind.ts'
import { memberships } from './memberships.ts'
import { people } from './people.ts'
import { principals } from './principals.ts'
import { Report } from './report.ts'

export const kinds = { people, groups, memberships, attributes, principals } as const satisfies Record<string, Kind>
export type KindName = keyof typeof kinds

/** Bytes of a file. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024

export interface Order {
  readonly kind: KindName
  readonly mode: Mode
  readonly file: Bytes
}

interface Read {
  readonly lines: readonly Line[]
  /** Names the file in the audit trail, hex. */
  readonly sha256: string
  readonly findings: Findings
}

/** @throws Problem `import-refused` with every line that is wrong; `body-too-large` */
export async function importFile(world: World, caller: Caller, order: Order) {
  const file = await read(order)
  const { result, sequence } = await store(world.db, caller, order, file)
  return { ...answer(result, file), sequence }
}

/** What `importFile` would do, with nothing done. */
export async function tryImport(world: World, caller: Caller, order: Order) {
  const file = await read(order)
  const said: UnstoredChange[] = []
  const heard = (changes: readonly UnstoredChange[]) => void said.push(...changes)
  return rehearse(world.db, heard, async (within, tx) => {
    const { result } = await store(within, caller, order, file)
    if (said.length > mostToWeigh) return answer(result, file)
    const { index, principalOwners } = await world.index.fresh()
    const news = await newsOf(tx, principalOwners, said)
    if (!news) return answer(result, file)
    const { grants } = supposing(index, realChanges(index, news), supposed => previewOf(supposed, { limit: 1 }))
    return { ...answer(result, file), revocations: grants.reduce((sum, { revoke }) => sum + revoke, 0) }
  })
}

/** Changes; more keep everybody else waiting while they are weighed. */
const mostToWeigh = 5000

async function read({ kind, file }: Order): Promise<Read> {
  const findings = new Findings()
  const hash = createHash('sha256')
  async function* hashed() {
    for await (const chunk of file) {
      hash.update(chunk)
      yield chunk
    }
  }
  const lines = await readCsv(hashed(), kinds[kind].columns, findings, MAX_FILE_BYTES)
  return { lines, sha256: hash.digest('hex'), findings }
}

function store(
  db: Db,
  caller: Caller,
  { kind, mode }: Order,
  { lines, sha256, findings }: Read,
): Promise<Done<Report>> {
  return act(db, caller, async doing => {
    const report = new Report()
    await kinds[kind].store(lines, { act: doing, callers: whoCalls(caller), mode, findings, report })
    findings.refuse()
    if (report.isNothing) return report
    const { counts, changes } = report
    doing.audit({
      action: 'IMPORT',
      targetType: 'USER',
      targets: [{ type: 'FILE', id: sha256, name: kind }],
      payload: { type: 'FileImported', kind, mode, sha256, lines: lines.length, counts, changes },
    })
    return report
  })
}

function answer({ counts, changes }: Report, { lines }: Read) {
  return { lines: lines.length, ...counts, changes }
}
