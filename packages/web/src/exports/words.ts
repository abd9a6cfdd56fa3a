/** Exports as people read them: states, schedules, what lies where. */
import type { AccessExport, AuditExport, AuditExportRange, ExportRun } from '@headgate/core/api'
import { counted, type StateWords } from '../ui/words.ts'

export function runWords({ state, attempts }: Pick<ExportRun, 'state' | 'attempts'>): StateWords {
  if (state === 'running') return { tone: 'onItsWay', word: 'Running' }
  if (state === 'succeeded') return { tone: 'active', word: 'Exported' }
  if (state === 'failed') return { tone: 'failed', word: 'Failed' }
  return attempts === 0 ? { tone: 'onItsWay', word: 'About to begin' } : { tone: 'held', word: 'To be tried again' }
}

/** Of one object of the audit trail. */
export function rangeWords({ state, error }: Pick<AuditExportRange, 'state' | 'error'>): StateWords {
  if (state === 'done') return { tone: 'active', word: 'Exported' }
  if (state === 'failed') return { tone: 'failed', word: 'Failed' }
  return error !== undefined ? { tone: 'held', word: 'To be tried again' } : { tone: 'onItsWay', word: 'Under way' }
}

export function trailWords({ enabled, lastObject }: Pick<AuditExport, 'enabled' | 'lastObject'>): StateWords {
  if (!enabled) return { tone: 'held', word: 'Switched off' }
  return lastObject === undefined ? { tone: 'onItsWay', word: 'About to begin' } : rangeWords(lastObject)
}

export const causeWords: Readonly<Record<ExportRun['cause'], string>> = {
  created: 'The first, as it was set up',
  schedule: 'By the schedule',
  asked: 'Asked for',
}

export const formatWords: Readonly<Record<AccessExport['format'], string>> = {
  csv: 'CSV',
  jsonl: 'JSON lines',
  parquet: 'Parquet',
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** `every day at 03:00`, where it is as simple as that; else the cron itself. */
export function scheduleWords(cron: string): string {
  const [, minute = '', hour = '', day = ''] = /^(\d{1,2}) (\d{1,2}) \* \* (\*|[0-7])$/.exec(cron) ?? []
  if (hour === '') return `at ${cron} (cron)`
  const time = `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}`
  return `every ${day === '*' ? 'day' : days[Number(day) % 7]} at ${time}`
}

/** `s3://bucket/path/`. */
export function placeWords({ bucketName, path }: Pick<AccessExport, 'bucketName' | 'path'>): string {
  return `s3://${bucketName}/${path === '' ? '' : `${path}/`}`
}

/** `3,204 rows, 12 files, 1.2 MB, in 2 sec`; undefined where nothing of it counts. */
export function sizeWords({ state, files, rows, bytes, durationMs = 0 }: ExportRun): string | undefined {
  if (files === undefined || rows === undefined || bytes === undefined) return undefined
  if (state !== 'succeeded' && state !== 'running') return undefined
  const words = `${counted(rows, 'row')}, ${counted(files, 'file')}, ${bytesWords(bytes)}`
  return state === 'succeeded' ? `${words}, in ${secondsWords(durationMs)}` : `${words} so far`
}

function secondsWords(ms: number): string {
  return (ms / 1000).toLocaleString('en', { style: 'unit', unit: 'second', maximumFractionDigits: ms < 10_000 ? 1 : 0 })
}

export function bytesWords(bytes: number): string {
  const [unit, size] = bytes < 1e6 ? (['kilobyte', 1e3] as const) : (['megabyte', 1e6] as const)
  return (bytes / size).toLocaleString('en', { style: 'unit', unit, maximumFractionDigits: 1 })
}
