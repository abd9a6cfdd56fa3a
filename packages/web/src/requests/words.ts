import type { AccessRequest } from '@headgate/core/api'
import { durationWords, type StateWords } from '../ui/words.ts'

export const requestWords: Readonly<Record<AccessRequest['state'], StateWords>> = {
  pending: { tone: 'onItsWay', word: 'Waits for a decision' },
  approved: { tone: 'active', word: 'Approved' },
  denied: { tone: 'failed', word: 'Denied' },
  canceled: { tone: 'unmapped', word: 'Canceled' },
  expired: { tone: 'unmapped', word: 'Expired' },
  revoked: { tone: 'unmapped', word: 'Revoked' },
}

/** Why somebody may not decide. */
const whyNot: Readonly<Record<string, string>> = {
  requester: 'You asked for it, so that somebody else decides.',
  opener: 'You made the key or opened the account by which it was asked for, so that somebody else decides.',
  beneficiary: 'It is for you, so that somebody else decides.',
  flowEditor: 'You wrote the rules by which it is decided, so that somebody else decides.',
  assumesRole: 'You can use the role that it is for, so that somebody else decides.',
}

export function whyNotWords(why: string): string {
  return whyNot[why] ?? why
}

/** What a request is for. */
export function subjectOf({ dataProduct, dataSource }: AccessRequest): string {
  return dataProduct?.name ?? dataSource?.name ?? 'something that is gone'
}

export function wishOf({ level, duration }: Pick<AccessRequest, 'level' | 'duration'>): string {
  const what = level === 'READ' ? 'to read' : 'to read, write and delete'
  return `${what}, ${duration === undefined ? 'without an end' : `for ${durationWords(duration)}`}`
}
