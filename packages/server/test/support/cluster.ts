/**
 * The PostgreSQL of a test run: one per checkout and user, shared by every test process, without fsync.
 *
 * A runner starts it once, hands its address to the test processes as HEADGATE_TEST_DATABASE_URL and stops it at the
 * end. A test process without that variable joins by itself; the last process to leave ends the server.
 */
import { createHash } from 'node:crypto'
import { lstat, mkdir, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type EmbeddedPostgres, startEmbedded } from '../../src/db/embedded.ts'

export interface TestCluster {
  /** Of the maintenance database. */
  readonly url: string
  stop(): Promise<void>
}

const quiet = { info: () => {}, warn: () => {} }

export async function startTestCluster(): Promise<TestCluster> {
  const folder = await privateFolder()
  const server = await startOrReplace(folder)
  await dropAbandoned(server.url)
  return { url: server.url, stop: () => server.stop() }
}

/** Nothing in it is worth keeping: a cluster that lost a power cut is replaced by a new one. */
async function startOrReplace(folder: string): Promise<EmbeddedPostgres> {
  const options = { dataDir: join(folder, 'data'), sharedDir: join(folder, 'shared'), log: quiet, durable: false }
  try {
    return await startEmbedded(options)
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('the embedded PostgreSQL did not start')) throw error
    await rm(options.dataDir, { recursive: true, force: true })
    return startEmbedded(options)
  }
}

/** Anybody may write to the temporary folder, so a folder of that name must be proven to be ours. */
async function privateFolder(): Promise<string> {
  const checkout = createHash('sha256')
    .update(import.meta.url)
    .digest('hex')
    .slice(0, 12)
  const folder = join(tmpdir(), `headgate-test-${checkout}-${userInfo().uid}`)
  await mkdir(folder, { mode: 0o711 }).catch(error => {
    if (error.code !== 'EEXIST') throw error
  })
  const found = await lstat(folder)
  if (!found.isDirectory() || found.uid !== userInfo().uid || (found.mode & 0o022) !== 0) {
    throw new Error(`\`${folder}\` is not a folder of ours: remove it`)
  }
  return folder
}

/** Databases of test processes that were killed; their names carry the process id. */
async function dropAbandoned(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ datname: string }>(
      "select datname from pg_database where datname ~ '^headgate_test_[0-9]+_'",
    )
    for (const { datname } of rows) {
      if (!isAlive(Number(datname.split('_')[2]))) await client.query(`drop database if exists ${datname} with (force)`)
    }
  } finally {
    await client.end()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
