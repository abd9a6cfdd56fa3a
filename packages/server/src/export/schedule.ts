/**
 * When an export is due: cron in a time zone. Pure: the time is handed in.
 *
 * A time that a day does not have (clocks go forward) is the next one it has; a time that a day has twice counts once,
 * the first time.
 */
import type { Instant } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { Cron } from 'croner'

export interface Schedule {
  /** Five fields of cron. */
  readonly cron: string
  /** IANA. */
  readonly timeZone: string
}

/** What is chosen; null: nothing was. */
export interface ChosenSchedule {
  readonly schedule: string | null
  readonly time_zone: string | null
  readonly authentication_type: 'accessKey' | 'iamRole'
}

/** 03:00 with an access key, 05:00 with a role: as the documented product has it. In the server's zone. */
export function scheduleOf({ schedule, time_zone, authentication_type }: ChosenSchedule): Schedule {
  const cron = schedule ?? (authentication_type === 'accessKey' ? '0 3 * * *' : '0 5 * * *')
  return { cron, timeZone: time_zone ?? serverZone() }
}

/**
 * The first time after `after`. Throws Problem `schedule-invalid`, `time-zone-unknown`.
 * @example nextDue({ cron: '0 3 * * *', timeZone: 'Europe/Paris' }, Date.UTC(2026, 0, 1)) // 2026-01-01T02:00Z
 */
export function nextDue({ cron, timeZone }: Schedule, after: Instant): Instant {
  requireZone(timeZone)
  const next = parsed(cron, timeZone).nextRun(new Date(after))
  if (next === null) throw new Problem('schedule-invalid', { schedule: cron, reason: 'it never comes' })
  return next.getTime()
}

/** The calendar day of an instant, `YYYY-MM-DD`. */
export function dayIn(timeZone: string, at: Instant): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(at)
}

function serverZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

function requireZone(timeZone: string): void {
  try {
    // Offsets are taken by Intl too, and know of no summer.
    if (/^[+-]/.test(timeZone)) throw new RangeError('an offset')
    new Intl.DateTimeFormat('en', { timeZone })
  } catch (cause) {
    throw new Problem('time-zone-unknown', { timeZone }, { cause })
  }
}

function parsed(cron: string, timeZone: string): Cron {
  // Nicknames such as `@daily`, and a seconds field, are not in five fields.
  if (cron.trim().split(/\s+/).length !== 5) {
    throw new Problem('schedule-invalid', { schedule: cron, reason: 'it has not five fields' })
  }
  try {
    return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : 'it cannot be read'
    throw new Problem('schedule-invalid', { schedule: cron, reason }, { cause })
  }
}
