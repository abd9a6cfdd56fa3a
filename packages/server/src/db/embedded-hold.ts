/**
 * Who uses the embedded server: each process holds a shared lock on a connection that it keeps, and the one that can
 * turn it into the exclusive lock was the last. The server itself forgets the lock of a process that died.
 */
import { Socket } from 'node:net'
import pg from 'pg'
import { type Cluster, superuser } from './embedded-files.ts'
import { inspectCluster } from './embedded-process.ts'
import { isUnreachable } from './unreachable.ts'

const holdLock = 4_773_218_001 // advisory lock key: shared by everyone who uses the server, exclusive while it ends

export interface Hold {
  readonly client: pg.Client
  readonly socket: Socket
}

/**
 * A connection that holds the shared lock, once the server has said that its data directory is ours;
 * undefined while the server is starting or ending.
 */
export async function takeHold(cluster: Cluster, port: number): Promise<Hold | undefined> {
  const socket = new Socket()
  const client = new pg.Client({
    connectionString: serverUrl(cluster, port, 'postgres'),
    application_name: 'headgate embedded',
    keepAlive: true,
    stream: () => socket,
  })
  client.on('error', () => {}) // the server went away; stop() and the pool find out for themselves
  try {
    await client.connect()
    const answer = await client.query('select current_setting($1) as folder, pg_try_advisory_lock_shared($2) as held', [
      'data_directory',
      holdLock,
    ])
    if (answer.rows[0].folder !== cluster.data) throw new Error(`port ${port} serves \`${answer.rows[0].folder}\``)
    if (answer.rows[0].held) {
      await client.query("select 1 from pg_database where datname = 'headgate'").then(async ({ rowCount }) => {
        if (rowCount === 0) await client.query('create database headgate').catch(unlessDuplicate)
      })
      socket.unref() // holding the lock must not keep a finished process alive
      return { client, socket }
    }
  } catch (error) {
    // Starting, ending, or full: it lets nobody in for the moment.
    if (!isUnreachable(error)) throw error
  }
  await client.end().catch(() => {})
  return undefined
}

/** Whether nobody else holds the server. Then the exclusive lock is ours, so that a starter waits for the end. */
export async function isLastToLeave(cluster: Cluster, hold: Hold): Promise<boolean> {
  try {
    return await swapLocks(hold)
  } catch {
    // Our connection was cut, perhaps by a crash that the server survived: ask on a new one.
    const found = await inspectCluster(cluster)
    if (found.state !== 'running') return true // it is gone
    const fresh = await takeHold(cluster, found.port)
    if (!fresh) return true // it lets nobody in, so nobody uses it
    return await swapLocks(fresh).finally(() => fresh.client.end().catch(() => {}))
  }
}

async function swapLocks({ client, socket }: Hold): Promise<boolean> {
  socket.ref()
  await client.query('select pg_advisory_unlock_shared($1)', [holdLock])
  const answer = await client.query('select pg_try_advisory_lock($1) as last', [holdLock])
  return answer.rows[0].last === true
}

/** The password is part of it: never log it. */
export function serverUrl(cluster: Cluster, port: number, database: string): string {
  return `postgres://${superuser}:${cluster.password}@127.0.0.1:${port}/${database}`
}

function unlessDuplicate(error: unknown): void {
  // 23505 is what the slower of two creators at once gets
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!/^(42P04|23505|55006)$/.test(code)) throw error
}
