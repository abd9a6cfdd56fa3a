/** `headgate audit trail`: the whole chain as it stands, for `headgate audit verify` somewhere else. Never held in memory. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ConnectionFlags, type Environment, whomToCall } from './connection.ts'
import { Refused } from './refused.ts'

export async function auditTrailCommand(flags: ConnectionFlags, environment: Environment): Promise<void> {
  const { url, apiKey } = await whomToCall(flags, environment)
  const base = url.replace(/\/$/, '')
  const headers = { authorization: `Bearer ${apiKey}`, accept: 'application/x-ndjson' }
  const answer = await fetch(`${base}/audit/trail`, { headers }).catch(() => {
    throw new Refused(`${base} does not answer`, 'is Headgate running there, and is the address right?')
  })
  if (!answer.ok || answer.body === null) {
    const { message } = (await answer.json().catch(() => ({}))) as { readonly message?: string }
    throw new Refused(message ?? `the server answered ${answer.status}`)
  }
  await pipeline(Readable.fromWeb(answer.body), process.stdout)
}
