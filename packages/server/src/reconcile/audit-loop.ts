/**
 * The audit loop of this node: every quarter of an hour, or when somebody asks, AWS is compared with the ledger, one
 * listing for each account and region.
 *
 * Whoever leads the first integration of a place compares it, under a lock of the place, for all its integrations,
 * whoever leads them. A place that fails never stops the others.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { IntegrationId } from '@headgate/core'
import { AwsFailure } from '../aws/aws-error.ts'
import { comparedIntegrations } from '../db/drift.ts'
import { beginScan, type DuePlace, duePlaces, endScan, lockPlace, type Place, unlockPlace } from '../db/drift-scan.ts'
import type { Session } from '../db/session.ts'
import type { World } from '../world.ts'
import { type ScanHow, scanPlace } from './audit-scan.ts'
import type { Pace } from './pace.ts'

export interface AuditHow extends Omit<ScanHow, 'pace'> {
  /** Holds the locks. */
  readonly session: Session
  readonly leads: (integration: IntegrationId) => boolean
  readonly paceOf: (place: Place) => Pace
  /** 0: only when asked. */
  readonly everyMs: number
}

const lookEveryMs = 1000

/** Until the signal; whatever goes wrong is logged and tried again. */
export async function auditPlaces(world: World, how: AuditHow): Promise<void> {
  const underWay = new Map<string, Promise<void>>()
  while (!how.signal.aborted) {
    try {
      for (const place of await duePlaces(world.db, how.everyMs)) {
        const key = `${place.account} ${place.region}`
        if (underWay.has(key) || !how.leads(place.first)) continue
        underWay.set(
          key,
          auditPlace(world, place, how).finally(() => underWay.delete(key)),
        )
      }
    } catch (error) {
      if (!how.signal.aborted) world.log.warn({ err: error }, 'looking for what is to be compared failed')
    }
    await sleep(lookEveryMs, undefined, { signal: how.signal }).catch(() => {})
  }
  await Promise.all(underWay.values())
}

async function auditPlace(world: World, place: DuePlace, how: AuditHow): Promise<void> {
  try {
    if (!(await lockPlace(how.session, place))) return
    try {
      await compare(world, place, how)
    } finally {
      // On a lost connection there is nothing left to unlock.
      await unlockPlace(how.session, place).catch(() => {})
    }
  } catch (error) {
    if (!how.signal.aborted) world.log.error({ err: error, ...place }, 'comparing with AWS failed')
  }
}

async function compare(world: World, place: DuePlace, how: AuditHow): Promise<void> {
  const { atBoundary } = how
  const integrations = await comparedIntegrations(world.db.kysely, place)
  if (integrations.length === 0) return
  await atBoundary('before scan')
  const scan = await beginScan(world.db, place)
  await atBoundary('after scan')
  try {
    const scanned = await scanPlace(world, scan, integrations, { ...how, pace: how.paceOf(place) })
    await endScan(world.db, scan, scanned)
    await atBoundary('after scan end')
  } catch (error) {
    if (!(error instanceof AwsFailure)) throw error
    const text = `${error.operation}: ${error.code}: ${error.message}`
    await endScan(world.db, scan, { listed: 0, outside: 0, error: text })
    world.log.warn({ err: error, ...place }, 'AWS could not be compared with the ledger')
  }
}
