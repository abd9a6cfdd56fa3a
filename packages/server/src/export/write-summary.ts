/**
 * One access summary: every table of one snapshot, put below `export_date=…`, or what is known of a moment of the past,
 * below `as_of=…`; its manifest last.
 *
 * The manifest is there exactly when all it names is: one of before is taken away first, and what an earlier try left
 * behind is overwritten or removed. Nothing is held but some rows and some parts of a file; no file is made here.
 */
import type { Instant } from '@headgate/core'
import type { ExportedTable, ExportFormat } from '@headgate/core/api'
import { AwsFailure } from '../aws/aws-error.ts'
import type { SoFar, Written } from '../db/access-export.ts'
import type { Tx } from '../db/act.ts'
import { storedTables } from '../db/export-rows.ts'
import { currentMoment } from '../db/facts.ts'
import { mayPause } from '../db/open.ts'
import type { World } from '../world.ts'
import { type Format, formats } from './encode.ts'
import { policyOutcomes } from './outcomes.ts'
import { pastTables } from './past-tables.ts'
import { dayIn } from './schedule.ts'
import type { Row, Table } from './table.ts'
import type { OpenTarget } from './target.ts'

/** Of the columns and their meaning; it rises when one changes or goes, not when one is added at the end. */
const schemaVersion = 'headgate1'

export interface SummaryOptions {
  readonly format: ExportFormat
  /** Whose day it is. */
  readonly timeZone: string
  /** A moment of the past; undefined: now. */
  readonly asOf?: Instant | undefined
  /** Kept up to date meanwhile. */
  readonly soFar?: SoFar
  /** Throws once the work is to end. */
  readonly goOn: () => void
  /** Bytes, after which a table goes on in another file. Default 512 MiB. */
  readonly fileSize?: number
}

/** Throws AwsFailure, and whatever `goOn` throws. */
export async function writeSummary(
  { db, index }: Pick<World, 'db' | 'index'>,
  open: OpenTarget,
  { format, timeZone, asOf, goOn, fileSize = 512 * 2 ** 20, soFar = nothingYet() }: SummaryOptions,
): Promise<Written> {
  // As far as it can be: so that the rows come from the index that is there.
  if (asOf === undefined) await index.fresh()
  return db.snapshot(async tx => {
    await mayPause(tx)
    const { now } = await currentMoment(tx)
    const { said, folder, described, sequence } =
      asOf === undefined ? await ofToday(tx, index, timeZone) : await ofThen(tx, asOf)
    const warnings = await clearManifest(open, folder)
    const writing = { format, formatting: formats[format], goOn, fileSize, soFar }
    const tables: ExportedTable[] = []
    for (const table of described) tables.push(await writeTable(open, folder, table, writing))
    const files = tables.flatMap(table => table.files)
    warnings.push(...(await removeStale(open, folder, new Set(files.map(({ key }) => key)))))
    const total = (of: (file: (typeof files)[number]) => number) => files.reduce((sum, file) => sum + of(file), 0)
    const sums = { files: files.length, rows: total(one => one.rows), bytes: total(one => one.bytes) }
    const written = { ...said, sequence, ...sums }
    goOn()
    const manifest = { complete: true, schemaVersion, format, exportedAt: new Date(now).toISOString(), ...written }
    const columns = described.map(table => table.columns)
    await putManifest(open, folder, {
      ...manifest,
      tables: tables.map((table, at) => ({ ...table, columns: columns[at] })),
    })
    return { ...written, place: open.placeOf(folder), tables, warnings }
  })
}

// ── What it is of ──

/** What is said of it, where it lies, and what is in it. */
interface Contents {
  readonly said: { readonly exportDate: string } | { readonly asOf: string }
  readonly folder: string
  readonly described: readonly Table[]
  readonly sequence: number
}

async function ofToday(tx: Tx, index: World['index'], timeZone: string): Promise<Contents> {
  const { now, sequence } = await currentMoment(tx)
  const exportDate = dayIn(timeZone, now)
  const described = [...storedTables(tx), await policyOutcomes(tx, index)]
  return { said: { exportDate }, folder: `export_date=${exportDate}/`, described, sequence }
}

async function ofThen(tx: Tx, at: Instant): Promise<Contents> {
  const asOf = new Date(at).toISOString()
  const { tables: described, sequence } = await pastTables(tx, at)
  // Colons are in the way of many a tool.
  return { said: { asOf }, folder: `as_of=${asOf.replaceAll(':', '-')}/`, described, sequence }
}

// ── Files ──

function nothingYet(): SoFar {
  return { files: 0, rows: 0, bytes: 0 }
}

interface Writing {
  readonly format: ExportFormat
  readonly formatting: Format
  readonly goOn: () => void
  readonly fileSize: number
  readonly soFar: SoFar
}

async function writeTable(
  open: OpenTarget,
  folder: string,
  { name, columns, rows }: Table,
  { format, formatting, goOn, fileSize, soFar }: Writing,
): Promise<ExportedTable> {
  const batches = rows()[Symbol.asyncIterator]()
  const files: ExportedTable['files'] = []
  try {
    let next = await batches.next()
    do {
      const key = `${folder}${name}/part-${String(files.length).padStart(5, '0')}.${format}`
      const counted = { rows: 0, bytes: 0 }
      async function* untilFull(): AsyncGenerator<readonly Row[]> {
        for (; !next.done && counted.bytes < fileSize; next = await batches.next()) {
          goOn()
          counted.rows += next.value.length
          soFar.rows += next.value.length
          yield next.value
        }
      }
      const put = await open.put(key, counting(formatting.file(columns, untilFull()), counted), formatting.contentType)
      files.push({ key, rows: counted.rows, ...put })
      soFar.files += 1
      soFar.bytes += put.bytes
    } while (!next.done)
  } finally {
    await batches.return?.()
  }
  return { name, rows: files.reduce((sum, file) => sum + file.rows, 0), files }
}

async function* counting(chunks: AsyncIterable<Uint8Array>, counted: { bytes: number }): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    counted.bytes += chunk.length
    yield chunk
  }
}

// ── The manifest, and what was there before ──

const manifestName = '_manifest.json'

async function putManifest(open: OpenTarget, folder: string, manifest: object): Promise<void> {
  await open.put(folder + manifestName, `${JSON.stringify(manifest, null, 2)}\n`, 'application/json')
}

/** Until this summary is whole there is none for the day. Whoever may not delete says so in the manifest itself. */
async function clearManifest(open: OpenTarget, folder: string): Promise<string[]> {
  await open.abortUploads(folder).catch(unlessDenied)
  for await (const { key } of open.list(folder + manifestName)) {
    if (key !== folder + manifestName) continue
    const isGone = await open.delete(key).then(() => true, unlessDenied)
    if (isGone) return []
    await putManifest(open, folder, { complete: false })
    return ['`_manifest.json` of an earlier export there could not be deleted: allow `s3:DeleteObject`']
  }
  return []
}

async function removeStale(open: OpenTarget, folder: string, written: ReadonlySet<string>): Promise<string[]> {
  const stale: string[] = []
  for await (const { key } of open.list(folder)) if (!written.has(key) && key !== folder + manifestName) stale.push(key)
  const left: string[] = []
  for (const key of stale) if (!(await open.delete(key).then(() => true, unlessDenied))) left.push(key)
  if (left.length === 0) return []
  return [`files of an earlier export there could not be deleted (${left.join(', ')}): allow \`s3:DeleteObject\``]
}

/** False: AWS does not let us. */
function unlessDenied(error: unknown): false {
  if (error instanceof AwsFailure && error.kind === 'denied') return false
  throw error
}
