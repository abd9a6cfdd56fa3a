/**
 * Checkpoints in a folder, outside the database: one file each, never written twice. Whoever can change the database
 * and not this folder cannot rewrite the trail unnoticed.
 */
import { randomBytes } from 'node:crypto'
import { access, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StoredCheckpoint } from '../db/audit-checkpoint.ts'
import type { SignedCheckpoint } from './statement.ts'

/** Safe to repeat: a file that is there stays as it is. */
export async function writeOutside(folder: string, checkpoint: StoredCheckpoint): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, fileName(checkpoint))
  const isThere = await access(file).then(
    () => true,
    () => false,
  )
  if (isThere) return
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, printCheckpoint(checkpoint), { mode: 0o444, flush: true })
  // A link appears whole and replaces nothing.
  await link(draft, file)
    .catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
    .finally(() => rm(draft, { force: true }))
}

/** Sorted by name, which is by position. Throws on what is no checkpoint. */
export async function readOutside(folder: string): Promise<SignedCheckpoint[]> {
  const names = (await readdir(folder)).filter(name => /^checkpoint-.*\.json$/.test(name)).sort()
  return Promise.all(names.map(async name => readCheckpoint(await readFile(join(folder, name), 'utf8'), name)))
}

export function fileName({ position, id }: Pick<StoredCheckpoint, 'position' | 'id'>): string {
  return `checkpoint-${String(position).padStart(12, '0')}-${id}.json`
}

export function printCheckpoint({ statement, signature, publicKey }: SignedCheckpoint): string {
  return `${JSON.stringify({ statement, signature, publicKey }, undefined, 2)}\n`
}

export function readCheckpoint(text: string, name: string): SignedCheckpoint {
  const read = parsed(text)
  const { statement, signature, publicKey } = read ?? {}
  if (typeof statement !== 'string' || typeof signature !== 'string' || typeof publicKey !== 'string') {
    throw new Error(`\`${name}\` is no checkpoint: it was changed, or cut off`)
  }
  return { statement, signature, publicKey }
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}
