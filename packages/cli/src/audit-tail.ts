/** `headgate audit tail`: the newest audit events, oldest first, and with `--follow` those that come. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditEventAnswer } from '@headgate/core/api'
import { type ConnectionFlags, connect, type Environment } from './connection.ts'

export interface AuditTailFlags extends ConnectionFlags {
  readonly lines: string
  readonly follow?: true
  readonly json?: true
  readonly actor?: string
  readonly action?: string
  readonly target?: string
}

/** Of following: an event is sealed, and so shown, within a second. */
const everyMs = 2000

export async function auditTailCommand(flags: AuditTailFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  const { lines, follow, actor, action, target } = flags
  const filter = { ...(actor && { actor }), ...(action && { action }), ...(target && { target }) }
  const seen = new Set<string>()
  for (let query: object = { ...filter, limit: lines }; ; query = { ...filter, limit: '1000' }) {
    const { items } = await api.audit.list({ query })
    for (const event of items.filter(({ id }) => !seen.has(id)).toReversed())
      process.stdout.write(`${flags.json ? JSON.stringify(event) : inWords(event)}\n`)
    for (const { id } of items) seen.add(id)
    if (!follow) return
    await sleep(everyMs)
  }
}

function inWords({ eventTimestamp, action, actionStatus, actor, targets }: AuditEventAnswer): string {
  const about = targets.map(({ name, id }) => name ?? id).join(', ')
  const failed = actionStatus === 'SUCCESS' ? '' : ` (${actionStatus})`
  return `${eventTimestamp}  ${actor.name ?? actor.id}  ${action}${failed}  ${about}`.trimEnd()
}
