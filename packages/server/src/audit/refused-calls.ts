/**
 * Calls that were refused (401, 403), told in the audit trail: one event for each caller, or address where nobody is
 * signed in, and minute, with how often and for what. So that whoever tries a million times leaves a handful of events.
 *
 * What was refused in the minute that a crash cut off is lost; the end of the server tells the last one.
 */
import type { Logger } from 'pino'
import { type Actor, act } from '../db/act.ts'
import type { Db } from '../db/open.ts'

export interface RefusedCall {
  /** Absent: nobody is signed in. */
  readonly caller?: Actor | undefined
  readonly ip: string
  readonly requestId: string
  readonly method: string
  /** As the contract writes it, `/users/:id`: never what was typed. */
  readonly route: string
  readonly code: string
}

export interface RefusedCalls {
  note(call: RefusedCall): void
  /** Tells what there is. */
  tell(): Promise<void>
  stop(): Promise<void>
}

/** Callers and addresses in one minute; those that come after are told together. */
const mostTold = 1000
/** Kinds of refusal of one caller. */
const mostKinds = 20
const minuteMs = 60_000

interface Tally {
  readonly last: { call: RefusedCall }
  count: number
  readonly kinds: Map<string, { readonly method: string; readonly route: string; readonly code: string; count: number }>
}

export function collectRefusedCalls({
  db,
  log,
}: {
  readonly db: Db
  readonly log: Pick<Logger, 'error'>
}): RefusedCalls {
  let tallies = new Map<string, Tally>()
  let telling = Promise.resolve()

  const tell = () => {
    const told = [...tallies.values()]
    tallies = new Map()
    telling = telling.then(async () => {
      for (const tally of told) {
        await store(db, tally).catch(error => log.error({ err: error }, 'refused calls could not be audited'))
      }
    })
    return telling
  }
  const timer = setInterval(() => void tell(), minuteMs).unref()
  return {
    note(call) {
      const whole = call.caller ? `${call.caller.type} ${call.caller.id ?? call.caller.userid}` : `address ${call.ip}`
      const key = tallies.has(whole) || tallies.size < mostTold ? whole : 'others'
      const tally = tallies.get(key) ?? { last: { call }, count: 0, kinds: new Map() }
      tallies.set(key, tally)
      tally.last.call = key === 'others' ? { ...call, caller: undefined, ip: 'many' } : call
      tally.count += 1
      const kind = `${call.method} ${call.route} ${call.code}`
      const known = tally.kinds.get(kind)
      if (known) known.count += 1
      else if (tally.kinds.size < mostKinds) {
        const { method, route, code } = call
        tally.kinds.set(kind, { method, route, code, count: 1 })
      }
    },
    tell,
    async stop() {
      clearInterval(timer)
      await tell()
    },
  }
}

/** Not a person: whoever did not say who they are. */
const nobody: Actor = { type: 'user', userid: 'nobody', name: 'Not signed in' }

async function store(db: Db, { last: { call }, count, kinds }: Tally): Promise<void> {
  const { caller, ip, requestId } = call
  // No more of the caller than who it is: what a preview confirms belongs to a call that never came about.
  const actor: Actor = caller ? { ...caller, confirm: undefined } : { ...nobody, ip, requestId }
  const calls = [...kinds.values()]
  await act(db, actor, async ({ audit }) => {
    audit({
      action: 'CALL',
      actionStatus: 'FAILURE',
      targetType: 'ROUTE',
      targets: calls.map(({ method, route }) => ({ type: 'ROUTE', id: `${method} ${route}` })),
      payload: { type: 'CallsRefused', count, calls },
    })
  })
}
