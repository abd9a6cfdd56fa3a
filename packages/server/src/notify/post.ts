/**
 * One call to one webhook, signed as Standard Webhooks say. Goes nowhere but where calls may go, follows no redirect,
 * and takes no more of an answer than its beginning. Never throws: whatever happens is how it went.
 */
import { performance } from 'node:perf_hooks'
import { Webhook } from 'standardwebhooks'
import type { Attempt, Taken } from '../db/webhook-delivery.ts'
import { OutboundError, outboundOf } from '../outbound.ts'
import type { World } from '../world.ts'
import { wordsOf } from './words.ts'

/** The row that both secrets of a webhook are sealed for. */
export function webhookSecretContext(id: number): string {
  return `webhook/${id}/secret`
}

/** Standard Webhooks ask for 15 to 30 s. */
const mostMs = 20_000
const mostRead = 64 * 1024
/** Characters of an answer that are kept. */
const mostKept = 2_000

export interface Calling {
  readonly signal: AbortSignal
  readonly callMs?: number | undefined
}

export async function post(
  { vault, config, log }: Pick<World, 'vault' | 'config' | 'log'>,
  taken: Taken,
  { signal, callMs = mostMs }: Partial<Calling> = {},
): Promise<Attempt> {
  const begun = performance.now()
  const took = () => ({ tookMs: Math.round(performance.now() - begun) })
  try {
    const body = payloadOf(taken)
    const headers = { ...signed(vault, taken, body), 'content-type': 'application/json', 'user-agent': 'Headgate' }
    const call = outboundOf(config, { timeoutMs: callMs, maxBytes: mostRead, mayCut: true })
    const answer = await call(taken.url, { method: 'POST', headers, body, signal })
    const response = (await answer.text()).slice(0, mostKept).replaceAll('\0', '')
    const problem = problemOf(answer.status)
    return { ...took(), status: answer.status, response, ...(problem === undefined ? {} : { problem }) }
  } catch (error) {
    if (error instanceof OutboundError) return { ...took(), problem: error.message }
    log.error({ err: error, webhook: taken.webhook }, 'a call to a webhook could not be made')
    return { ...took(), problem: 'the call could not be made: the log says why' }
  }
}

/** The same on every attempt. What people wrote stays inside. */
function payloadOf({ notice, messageId, createdAt }: Taken): string {
  if (!notice) {
    const timestamp = new Date(createdAt).toISOString()
    return JSON.stringify({ type: 'webhook.test', timestamp, data: { id: messageId } })
  }
  const { reason: _, ...facts } = notice.facts
  const about = { type: notice.about_type, id: notice.about_id }
  const timestamp = new Date(notice.at).toISOString()
  const data = { id: notice.id, title: wordsOf(notice).title, about, facts }
  return JSON.stringify({ type: notice.kind, timestamp, data })
}

function signed(vault: World['vault'], taken: Taken, body: string): Record<string, string> {
  const at = new Date(taken.now)
  const signatures = [taken.secret, taken.oldSecret].flatMap(sealed => {
    if (sealed === null) return []
    return [new Webhook(vault.open(sealed, webhookSecretContext(taken.webhook))).sign(taken.messageId, at, body)]
  })
  return {
    'webhook-id': taken.messageId,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': signatures.join(' '),
  }
}

function problemOf(status: number): string | undefined {
  if (status >= 200 && status < 300) return undefined
  if (status >= 300 && status < 400)
    return 'it answered with a redirect, which is not followed: set the address it names'
  return `it answered ${status}`
}
