/**
 * Credentials between two processes: one file for each caller, target and permission, mode 0600, so that a hundred calls of
 * a tool are one vend. Whoever comes while another asks waits for the answer. A refusal clears the file.
 *
 * Files that others may read are neither read nor trusted.
 */
import { createHash } from 'node:crypto'
import { chmod, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

/** As `credential_process` wants it (AWS CLI and SDKs). */
const processCredentials = z.object({
  Version: z.literal(1),
  AccessKeyId: z.string(),
  SecretAccessKey: z.string(),
  SessionToken: z.string(),
  /** ISO 8601. */
  Expiration: z.iso.datetime(),
})
export type ProcessCredentials = z.output<typeof processCredentials>

const kept = z.object({ vendedAt: z.number(), credentials: processCredentials })

export interface CredentialFile {
  /** Made with mode 0700 where it is not there. */
  readonly folder: string
  /** What the credentials hang on; the file's name is its hash. */
  readonly about: readonly (string | number | undefined)[]
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** A lock older than that was left by a process that died. */
const lockMs = 30_000

export async function throughFile(
  where: CredentialFile,
  ask: () => Promise<ProcessCredentials>,
): Promise<ProcessCredentials> {
  const name = createHash('sha256').update(JSON.stringify(where.about)).digest('hex')
  const file = path.join(where.folder, `${name}.json`)
  const found = await readGood(file, where.now())
  if (found !== undefined) return found
  await mkdir(where.folder, { recursive: true, mode: 0o700 })
  await chmod(where.folder, 0o700)
  return underLock(`${file}.lock`, where.now, async () => {
    const madeMeanwhile = await readGood(file, where.now())
    if (madeMeanwhile !== undefined) return madeMeanwhile
    try {
      const credentials = await ask()
      await replace(file, JSON.stringify({ vendedAt: where.now(), credentials }))
      return credentials
    } catch (error) {
      await rm(file, { force: true })
      throw error
    }
  })
}

async function readGood(file: string, now: number): Promise<ProcessCredentials | undefined> {
  try {
    if (((await stat(file)).mode & 0o077) !== 0) return undefined
    const { vendedAt, credentials } = kept.parse(JSON.parse(await readFile(file, 'utf8')))
    const end = Date.parse(credentials.Expiration)
    return now < end - aheadOfTheEnd(end - vendedAt) ? credentials : undefined
  } catch {
    // Not there, or not ours: asking anew mends it.
    return undefined
  }
}

/** The AWS CLI asks for new ones a quarter of an hour before the end, and would ask for each request if it got the old. */
function aheadOfTheEnd(lifeMs: number): number {
  return Math.min(15 * 60_000, lifeMs / 4)
}

async function replace(file: string, text: string): Promise<void> {
  const fresh = `${file}.${process.pid}`
  await writeFile(fresh, text, { mode: 0o600 })
  await rename(fresh, file)
}

async function underLock<T>(lock: string, now: () => number, work: () => Promise<T>): Promise<T> {
  while (!(await taken(lock))) {
    const age = await stat(lock).then(
      ({ mtimeMs }) => now() - mtimeMs,
      () => 0,
    )
    if (age > lockMs) await rm(lock, { force: true })
    else await sleep(25)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function taken(lock: string): Promise<boolean> {
  try {
    await (await open(lock, 'wx', 0o600)).close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}
