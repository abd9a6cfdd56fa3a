/**
 * One connection of its own, outside the pool, for what lives as long as a connection does: session advisory locks.
 *
 * It never comes back by itself: what was locked on it is free for others the moment it is lost, and whoever relied on
 * it must stop.
 */
import pg from 'pg'

export interface Session {
  /** Resolves when the connection has ended, for whatever reason. */
  readonly lost: Promise<void>
  /** The first column of the first row. Throws when the connection is lost. */
  value(text: string, values: readonly unknown[]): Promise<unknown>
  end(): Promise<void>
}

export async function openSession(url: string, name: string): Promise<Session> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `headgate ${name}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  const lost = new Promise<void>(resolve => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
  })
  await client.connect()
  let last: Promise<unknown> = Promise.resolve()
  return {
    lost,
    value(text, values) {
      // One after the other: a connection answers one question at a time.
      const answer = last.then(() => client.query({ text, values: [...values], rowMode: 'array' }))
      last = answer.catch(() => {})
      return answer.then(({ rows }) => rows[0]?.[0])
    },
    end: () => client.end().catch(() => {}),
  }
}
