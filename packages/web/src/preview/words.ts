/** The effect of a change in words and numbers. */
import type { hg } from '../api.ts'
import { counted } from '../ui/words.ts'

export type Effect = Awaited<ReturnType<typeof hg.previews.make>>

/** Rows of who gains and loses; the rest is counted. */
export const shownAtFirst = 10

/** What a button does, in numbers: `12 people gain, 3 lose, revokes 4 grants`. */
export function consequence({ people, integrations }: Effect): string {
  const revoke = integrations.reduce((sum, { grants }) => sum + grants.revoke, 0)
  const parts = [
    people.gaining > 0 && `${counted(people.gaining, 'person gains', 'people gain')}`,
    people.losing > 0 && `${counted(people.losing, 'person loses', 'people lose')}`,
    people.raised > 0 && `${people.raised.toLocaleString('en')} raised`,
    people.lowered > 0 && `${people.lowered.toLocaleString('en')} lowered`,
    revoke > 0 && `revokes ${counted(revoke, 'grant')}`,
  ].filter(part => part !== false)
  return parts.length === 0 ? 'nobody gains or loses' : parts.join(', ')
}

/** Who gains or loses now and was not among the rows of before: `bob gains on Payroll`. Rows beyond the first are counted only. */
export function notShownBefore(before: Effect, now: Effect): readonly string[] {
  const keyOf = ({ user, dataSource, after }: Effect['items'][number]) => `${user.id} ${dataSource.id} ${after}`
  const shown = new Set(before.items.map(keyOf))
  // Further rows may have been there and not been shown.
  if (before.total > before.items.length) return []
  return now.items
    .filter(item => !shown.has(keyOf(item)))
    .map(
      ({ user, dataSource, after }) => `${user.name} ${after === undefined ? 'loses' : 'gains'} on ${dataSource.name}`,
    )
}

/** `about 40 seconds`, `about 3 minutes`. */
export function lasting(seconds: number): string {
  if (seconds < 90) return `about ${counted(Math.max(1, Math.round(seconds)), 'second')}`
  if (seconds < 90 * 60) return `about ${counted(Math.round(seconds / 60), 'minute')}`
  return `about ${counted(Math.round(seconds / 3600), 'hour')}`
}

export const noTokenWords: Readonly<Record<NonNullable<Effect['noToken']>, string>> = {
  tooManyChanges: 'Too many changes at once',
  tooManyMovements: 'Too many people gain or lose',
}
