/** Checks the chain of a database, as of one moment, and what stands beside it. Only reads. */
import type { Tx } from '../db/act.ts'
import { readLinks, readStray } from '../db/audit-chain.ts'
import { listCheckpoints, type StoredCheckpoint } from '../db/audit-checkpoint.ts'
import type { Db } from '../db/open.ts'
import { readStatement } from './statement.ts'
import { type Break, type Given, type Report, verifyChain } from './verify.ts'

export interface DatabaseReport extends Report {
  /** Events that happened and are not sealed yet; within a second or two while a server runs. */
  readonly waiting: number
  /** Milliseconds since 1970. */
  readonly waitingSince?: number
}

export function verifyDatabase(db: Db, given: FromElsewhere): Promise<DatabaseReport> {
  return db.snapshot(tx => verifyIn(tx, given))
}

type FromElsewhere = Omit<Given, 'inside' | 'isPart'>

/** In a transaction that sees one unchanging state. */
export async function verifyIn(tx: Tx, given: FromElsewhere): Promise<DatabaseReport> {
  const inside = await listCheckpoints(tx, Number.MAX_SAFE_INTEGER)
  const report = await verifyChain(readLinks(tx), { ...given, inside })
  const { inserted, lost, beyond, waiting, waitingSince } = await readStray(tx, report.texts)
  const beside: readonly (Break | undefined)[] = [
    misstated(inside),
    removedHere(inside, given),
    beyond.length > 0 ? standsBeside(report, `seals follow the last batch: ${beyond.join(', ')}`) : undefined,
    inserted.length > 0
      ? standsBeside(report, `events were inserted past the chain, with the sequences ${inserted.join(', ')}`)
      : undefined,
    lost.length > 0
      ? {
          ...after(report),
          kind: 'event-removed',
          message: `events were removed before they were sealed: ${lost.join(', ')}`,
        }
      : undefined,
  ]
  const firstBreak = report.firstBreak ?? beside.find(one => one !== undefined)
  return { ...report, ...(firstBreak && { firstBreak }), waiting, ...(waitingSince !== null && { waitingSince }) }
}

/** What checkpoints are found by, and pruning goes by, has to be what they say. */
function misstated(inside: readonly StoredCheckpoint[]): Break | undefined {
  const wrong = inside.findLast(({ statement, batch, position, at, key }) => {
    const says = readStatement(statement)
    return !says || says.batch !== batch || says.position !== position || says.at !== at || says.key !== key
  })
  if (!wrong) return undefined
  const { id, batch, position } = wrong
  const message = `checkpoint ${id} in the database is stored as another than it says`
  return { kind: 'checkpoint-mismatch', batch, position, message }
}

/** Each is in the database before it is anywhere else. */
function removedHere(inside: readonly StoredCheckpoint[], { outside }: FromElsewhere): Break | undefined {
  const here = new Set(inside.map(({ statement }) => statement))
  const gone = outside.find(({ statement }) => !here.has(statement))
  const says = gone && readStatement(gone.statement)
  if (!says) return undefined
  const { batch, position, at } = says
  const message = `the checkpoint of ${new Date(at).toISOString()} is not in the database any more: it was removed`
  return { kind: 'checkpoint-removed', batch, position, message }
}

function standsBeside(report: Report, message: string): Break {
  return { ...after(report), kind: 'event-inserted', message }
}

function after({ to }: Report): { readonly position: number } {
  return { position: to + 1 }
}
