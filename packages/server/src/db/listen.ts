/**
 * LISTEN on a connection of its own that comes back by itself.
 *
 * A notification sent while the connection was down is lost, so every return is told with the payload ''. What hangs
 * on a message must also be found without one: messages save time, they carry no truth.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

export type Unlisten = () => Promise<void>

/** Resolves once listening; throws when the first connection cannot be made. */
export async function listenTo(url: string, channel: string, onMessage: (payload: string) => void): Promise<Unlisten> {
  const ended = new AbortController()
  let current = await connect(url, channel, onMessage)
  const comingBack = keepListening()

  async function keepListening(): Promise<void> {
    while (!ended.signal.aborted) {
      await current.lost
      for (let waitMs = 50; !ended.signal.aborted; waitMs = Math.min(waitMs * 2, 5_000)) {
        try {
          current = await connect(url, channel, onMessage)
          onMessage('')
          break
        } catch {
          await sleep(waitMs, undefined, { signal: ended.signal }).catch(() => {})
        }
      }
    }
  }

  return async () => {
    ended.abort()
    await current.end()
    await comingBack
    await current.end() // one may have come back meanwhile
  }
}

interface Listening {
  readonly lost: Promise<void>
  end(): Promise<void>
}

async function connect(url: string, channel: string, onMessage: (payload: string) => void): Promise<Listening> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `headgate listen ${channel}`,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  })
  const lost = new Promise<void>(resolve => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
  })
  client.on('notification', message => onMessage(message.payload ?? ''))
  try {
    await client.connect()
    await client.query(`listen ${pg.escapeIdentifier(channel)}`)
  } catch (error) {
    await client.end().catch(() => {})
    throw error
  }
  return { lost, end: () => client.end().catch(() => {}) }
}
