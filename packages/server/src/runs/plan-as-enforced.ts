/**
 * What would be done to AWS now if the mode were `enforce`: the loop's own functions, asked without a consequence.
 * Nothing is called and nothing is stored.
 */
import {
  brakeRoom,
  type DesiredGrant,
  type IntegrationId,
  isCounted,
  type Plan,
  planChanges,
  printScope,
} from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { dataSourceNames } from '../db/data-source-name.ts'
import { currentMoment } from '../db/facts.ts'
import { findIntegration } from '../db/integration.ts'
import { brakeHour, loadLedger, type StoredGrant } from '../db/ledger.ts'
import { type PageQuery, printCursor, readCursor, readNumber } from '../db/page.ts'
import { findPeople } from '../db/person-name.ts'
import { allEntitlements, desiredFor } from '../live-index/desired.ts'
import type { World } from '../world.ts'

type Answer = z.input<typeof api.restraint.plan.response>
type Action = Answer['items'][number]['action']

/** Throws Problem `integration-not-found`, `not-ready`. */
export async function planAsEnforced(
  { db, index: live }: Pick<World, 'db' | 'index'>,
  id: number,
  { limit, cursor }: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<Answer> {
  const { index, sequence } = await live.fresh()
  const integration = id as IntegrationId
  const desired = desiredFor(index, integration, allEntitlements(index, integration))
  return db.snapshot(async tx => {
    const row = await findIntegration(tx, id)
    if (!row) throw new Problem('integration-not-found', { id })
    const { now } = await currentMoment(tx)
    const setting = { revocations: row.brake_revocations, percent: row.brake_percent }
    const plan = planChanges(desired, await loadLedger(tx, integration), now, [], {
      mode: 'enforce',
      room: brakeRoom(setting, await brakeHour(tx, integration)),
      // A grant that is not held yet is judged as the brake judges what has no known cause.
      isCounted: held => (held.held === undefined ? true : isCounted(held.cause) && held.isCounted),
    })
    const all = stepsOf(plan)
    const from = readNumber(readCursor(cursor)) ?? 0
    const some = all.slice(from, from + limit)
    return {
      items: await named(tx, some),
      ...(from + limit < all.length ? { next: printCursor(String(from + limit)) } : {}),
      total: all.length,
      sequence,
      counts: { ...countsOf(all), keep: plan.keep.length, unmapped: desired.unmapped.length },
    }
  })
}

interface Step {
  readonly action: Action
  readonly why?: string
  readonly about: DesiredGrant | StoredGrant
}

function stepsOf({ revoke, drop, create, refuse, wait }: Plan<StoredGrant>): Step[] {
  return [
    ...[...revoke, ...drop].map(row => ({ action: 'revoke', about: row }) as const),
    ...create.map(({ grant }) => ({ action: 'create', about: grant }) as const),
    ...wait.flatMap(({ row, grant, why, by }): Step[] => {
      const about = grant ?? row
      if (!about) return []
      return [{ action: by === 'brake' && !grant ? 'hold' : 'wait', why, about }]
    }),
    ...refuse.map(({ grant, why }) => ({ action: 'refuse', why, about: grant }) as const),
  ]
}

function countsOf(steps: readonly Step[]): Record<Action, number> {
  const counts = { create: 0, revoke: 0, hold: 0, wait: 0, refuse: 0 }
  for (const { action } of steps) counts[action] += 1
  return counts
}

async function named(tx: Tx, steps: readonly Step[]): Promise<Answer['items']> {
  const people = await findPeople(tx, [...new Set(steps.map(({ about }) => about.user))])
  const sources = await dataSourceNames(tx, [...new Set(steps.map(({ about }) => about.dataSource))])
  return steps.map(({ action, why, about }) => ({
    action,
    ...(why === undefined ? {} : { why }),
    user: { id: about.user, userid: people.get(about.user)?.userid ?? '' },
    dataSource: { id: about.dataSource, name: sources.get(about.dataSource) ?? '' },
    grantee: about.grantee,
    scope: printScope(about.scope),
    permission: about.permission,
  }))
}
