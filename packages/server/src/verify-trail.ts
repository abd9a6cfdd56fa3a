/**
 * Verifies an audit trail for whoever holds a copy of it or may read the database: files as `GET /audit/trail` and the
 * export to S3 write them, or a database, in which nothing is written.
 */
import { createReadStream } from 'node:fs'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { pino } from 'pino'
import { readCheckpoint, readOutside } from './audit/outside.ts'
import type { SignedCheckpoint } from './audit/statement.ts'
import { linesOf, readTrail } from './audit/trail-file.ts'
import { type Report, verifyChain } from './audit/verify.ts'
import { type DatabaseReport, verifyDatabase } from './audit/verify-database.ts'
import type { Config } from './config.ts'
import { startEmbedded } from './db/embedded.ts'
import { openDatabase } from './db/open.ts'

export interface VerifyOptions {
  /** Files and folders of a trail, in order; none: the database. */
  readonly files: readonly string[]
  /** Files and folders with checkpoints that were kept elsewhere. */
  readonly checkpoints: readonly string[]
  /** Known from elsewhere: base64, or the name of a file with it. */
  readonly publicKey?: string
}

export type TrailReport = Report & Partial<Pick<DatabaseReport, 'waiting' | 'waitingSince'>>

/** Throws what hinders it from being read; what is wrong with the trail is in the report. */
export async function verifyTrail(
  config: Pick<Config, 'DATABASE_URL' | 'HEADGATE_DATA_DIR' | 'HEADGATE_AUDIT_CHECKPOINT_DIR'>,
  { files, checkpoints, publicKey }: VerifyOptions,
): Promise<TrailReport> {
  const pinned = publicKey === undefined ? undefined : await keyFrom(publicKey)
  const pinning = pinned === undefined ? {} : { pinned }
  const outside = await checkpointsFrom(checkpoints)
  if (files.length > 0) {
    const { links, checkpoints: inside } = readTrail(linesIn(await trailFiles(files)))
    return verifyChain(links, { inside, outside, ...pinning, isPart: true })
  }
  const dataDir = path.resolve(config.HEADGATE_DATA_DIR)
  const kept = config.HEADGATE_AUDIT_CHECKPOINT_DIR ?? path.join(dataDir, 'audit-checkpoints')
  if (checkpoints.length === 0 && (await isThere(kept))) outside.push(...(await readOutside(kept)))
  const log = pino({ level: 'silent' })
  const embedded = config.DATABASE_URL === undefined ? await startEmbedded({ dataDir, log }) : undefined
  try {
    const db = openDatabase(config.DATABASE_URL ?? embedded?.url ?? '', { maxConnections: 1 })
    try {
      return await verifyDatabase(db, { outside, ...pinning })
    } finally {
      await db.close()
    }
  } finally {
    await embedded?.stop()
  }
}

async function trailFiles(given: readonly string[]): Promise<string[]> {
  const found = await Promise.all(given.map(one => filesIn(one, name => name.endsWith('.ndjson'))))
  if (found.every(files => files.length === 0)) throw new Error(`no \`.ndjson\` files in ${given.join(', ')}`)
  return found.flat()
}

/** A file as it is; of a folder, those below it, by name: their names begin with positions of one length. */
async function filesIn(where: string, isMeant: (name: string) => boolean): Promise<string[]> {
  if (!(await stat(where)).isDirectory()) return [where]
  const names = await readdir(where, { recursive: true })
  const meant = names.filter(name => isMeant(path.basename(name)))
  return meant.sort((a, b) => (path.basename(a) < path.basename(b) ? -1 : 1)).map(name => path.join(where, name))
}

async function checkpointsFrom(given: readonly string[]): Promise<SignedCheckpoint[]> {
  const files = await Promise.all(given.map(one => filesIn(one, name => /^checkpoint-.*\.json$/.test(name))))
  return Promise.all(files.flat().map(async file => readCheckpoint(await readFile(file, 'utf8'), file)))
}

async function keyFrom(given: string): Promise<string> {
  const text = (await isThere(given)) ? await readFile(given, 'utf8') : given
  const key = text.replaceAll(/-----[A-Z ]+-----|\s/g, '')
  if (!/^[A-Za-z0-9+/]+=*$/.test(key)) throw new Error('the public key is no base64 and no file with it')
  return key
}

async function isThere(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}

async function* linesIn(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) yield* linesOf(createReadStream(file, 'utf8'))
}
