/**
 * The PostgreSQL that comes with Headgate: a real server, started on first use, kept in the data directory.
 *
 * Promises: one server per data directory, whoever starts first; later starters, and starters after a crash, adopt
 * it; the last one to stop ends it, cleanly. It listens on 127.0.0.1 only and always asks for a password.
 * Never signals a process on the word of `postmaster.pid` alone, and never begins an empty database where one is lost.
 *
 * The server has a session of its own: it outlives Ctrl-C and `kill -9` of ours, and the next start adopts it.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rename, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Cluster, findOrMakeCluster, logTail } from './embedded-files.ts'
import { type Hold, isLastToLeave, serverUrl, takeHold } from './embedded-hold.ts'
import { inspectCluster, removeStalePidFile } from './embedded-process.ts'

export interface EmbeddedOptions {
  /** Folder of Headgate's own state; the cluster lives in its `postgres/`, or where its `postgres-location` says. */
  readonly dataDir: string
  readonly log: Log
  /** false: no fsync, for tests; a power cut may then destroy the database. Default true. */
  readonly durable?: boolean
  /** As root only: where copies and clusters go that an unprivileged user must reach. Default `/var/lib/headgate`. */
  readonly sharedDir?: string
}

export interface Log {
  info(message: string): void
  warn(message: string): void
}

export interface EmbeddedPostgres {
  /** Of the database `headgate`, password included: never log it. */
  readonly url: string
  readonly pid: number
  /** Ends the server, unless another process still uses it. May be called twice. */
  stop(): Promise<void>
}

const run = promisify(execFile)
const leavingMs = 15_000 // backends of a killed postmaster notice within seconds
const startingMs = 60_000 // a start after a crash replays the log first

/** Starts the server of a data directory or adopts the one that runs; throws with the end of its log when neither works. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log, durable = true, sharedDir = '/var/lib/headgate' } = options
  const cluster = await findOrMakeCluster({ dataDir, sharedDir, durable })
  let [state, since, firstLaunch] = ['', 0, 0]
  for (;;) {
    const found = await inspectCluster(cluster)
    if (found.state !== state) [state, since] = [found.state, Date.now()]
    const waited = Date.now() - since
    if (found.state === 'running') {
      const hold = await takeHold(cluster, found.port)
      if (hold) return held(cluster, found.pid, found.port, hold, log)
      if (waited > startingMs) throw new Error(`the database in \`${cluster.home}\` runs but lets nobody in`)
    } else if (found.state === 'leaving') {
      if (waited > leavingMs) {
        const pids = found.pids.join(', ')
        throw new Error(`processes ${pids} still use \`${cluster.data}\` though their server is gone: end them`)
      }
    } else {
      if (found.state === 'stale') await removeStalePidFile(cluster, found.text)
      firstLaunch ||= Date.now()
      await launch(cluster, { durable, log, mayRetry: Date.now() - firstLaunch < leavingMs })
    }
    await sleep(50)
  }
}

async function launch(cluster: Cluster, options: { durable: boolean; log: Log; mayRetry: boolean }): Promise<void> {
  await writeSettings(cluster, options.durable)
  await keepLogSmall(cluster.log)
  const logStart = await stat(cluster.log).then(
    file => file.size,
    () => 0,
  )
  try {
    await run(
      cluster.binaries.pg_ctl,
      ['start', '-w', '-s', '-t', String(startingMs / 1000), '-D', cluster.data, '-l', cluster.log],
      cluster.asOwner,
    )
  } catch (cause) {
    // Two starters: PostgreSQL itself lets only one pass. Whatever runs now is looked at again by the caller, and is
    // never ended here: it may be the other's, or ours replaying a long log, which the next start then adopts.
    const found = await inspectCluster(cluster)
    if (found.state === 'running' || found.state === 'leaving') return
    const said = await logTail(cluster.log, logStart)
    if (options.mayRetry && /lock file ".*" (already exists|is empty)|pre-existing shared|in use/.test(said)) return
    throw new Error(`the embedded PostgreSQL did not start; its log \`${cluster.log}\` ends:\n${said}`, { cause })
  }
  options.log.info(`embedded PostgreSQL started in ${cluster.home}`)
}

/** Written anew at each start: the port is a free one, and the settings are those of the code that runs. */
async function writeSettings(cluster: Cluster, durable: boolean): Promise<void> {
  const settings = [
    `port = ${await freePort()}`,
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    'max_connections = 200',
    'shared_buffers = 128MB',
    "password_encryption = 'scram-sha-256'",
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    'log_checkpoints = off',
    // Values must not reach the log: no statements, no DETAIL lines.
    'log_min_error_statement = panic',
    'log_error_verbosity = terse',
    // Commits are written out all the same: a crash of PostgreSQL alone loses none.
    ...(durable ? [] : ['fsync = off', 'full_page_writes = off']),
  ]
  const file = join(cluster.data, 'headgate.conf')
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, `${settings.join('\n')}\n`, { mode: 0o644 })
  await rename(draft, file)
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => probe.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise(resolve => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port on 127.0.0.1')
  return address.port
}

async function keepLogSmall(log: string): Promise<void> {
  const size = await stat(log).then(
    file => file.size,
    () => 0,
  )
  if (size > 10 * 1024 * 1024) await rename(log, `${log}.1`)
}

function held(cluster: Cluster, pid: number, port: number, hold: Hold, log: Log): EmbeddedPostgres {
  let stopping: Promise<void> | undefined
  const stop = async () => {
    const last = await isLastToLeave(cluster, hold)
    if (last) await endServer(cluster, pid)
    else log.info('embedded PostgreSQL left running: another process uses it')
    await hold.client.end().catch(() => {})
  }
  return {
    url: serverUrl(cluster, port, 'headgate'),
    pid,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/** Fast shutdown, then an immediate one, of that very process; returns when none of its processes is left. */
async function endServer(cluster: Cluster, pid: number): Promise<void> {
  const began = Date.now()
  let sent: NodeJS.Signals | undefined
  for (;;) {
    const found = await inspectCluster(cluster)
    if (found.state === 'none' || found.state === 'stale') return
    // A starter waited for this end, or found ours dead, and has begun a server of its own.
    if (found.state === 'running' && found.pid !== pid) return
    const waited = Date.now() - began
    const signal = waited > 30_000 ? 'SIGQUIT' : 'SIGINT'
    if (found.state === 'running' && sent !== signal) {
      signalIfAlive(pid, signal) // its own working directory has just proven it
      sent = signal
    }
    if (waited > 45_000) throw new Error(`the embedded PostgreSQL in \`${cluster.home}\` does not stop`)
    await sleep(30)
  }
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
