/**
 * How often passwords may be tried: per account from one place, per account, and per place; and the other ways in that may be
 * tried by anybody. Counted in the database, so that it holds across nodes.
 *
 * The narrow limit is the first to stop somebody who guesses, without locking out the person who owns the account and
 * comes from elsewhere; the wide one bounds guessing from many places.
 */
import { createHash } from 'node:crypto'
import { nameKey, normalText } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Counter, countAttempt, forgiveAttempt } from '../db/sign-in-attempt.ts'
import type { World } from '../world.ts'

export interface Attempt {
  /** After the right one. */
  forgive(): Promise<void>
}

/**
 * Counts one attempt, before the password is looked at.
 * @param account the user name as it was typed, whether there is one or not
 * @throws Problem `rate-limited`
 */
export async function attemptPassword({ db }: Pick<World, 'db'>, account: string, ip: string): Promise<Attempt> {
  const name = nameKey(normalText(account))
  const place = placeOf(ip)
  const ofBoth = counter(['account and place', name, place], 10, 15)
  // NIST SP 800-63B-4, 3.2.2: at most 100 failures of one account.
  const ofAccount = counter(['account', name], 100, 24 * 60)
  // Many people may come from one office.
  const ofPlace = counter(['place', place], 50, 15)
  const seconds = await countAttempt(db.kysely, [ofBoth, ofAccount, ofPlace])
  if (seconds !== undefined) throw new Problem('rate-limited', { seconds })
  return { forgive: () => forgiveAttempt(db.kysely, { cleared: [ofBoth, ofAccount], refunded: [ofPlace] }) }
}

/** Browsers sent to identity providers, per place: those that come back with somebody are not counted. */
export function attemptsAtProviders({ db }: Pick<World, 'db'>, ip: string) {
  const ofPlace = counter(['provider', placeOf(ip)], 300, 15)
  return {
    /** @throws Problem `rate-limited` */
    async count(): Promise<void> {
      const seconds = await countAttempt(db.kysely, [ofPlace])
      if (seconds !== undefined) throw new Problem('rate-limited', { seconds })
    },
    forgive: () => forgiveAttempt(db.kysely, { cleared: [], refunded: [ofPlace] }),
  }
}

/** Terminals that ask to be signed in, per place. @throws Problem `rate-limited` */
export async function countDevice({ db }: Pick<World, 'db'>, ip: string): Promise<void> {
  const seconds = await countAttempt(db.kysely, [counter(['device', placeOf(ip)], 60, 15)])
  if (seconds !== undefined) throw new Problem('rate-limited', { seconds })
}

/** Codes of terminals that a person types: the right one is not counted. @throws Problem `rate-limited` */
export async function countUserCode({ db }: Pick<World, 'db'>, person: number): Promise<Attempt> {
  const ofPerson = counter(['user code', String(person)], 20, 15)
  const seconds = await countAttempt(db.kysely, [ofPerson])
  if (seconds !== undefined) throw new Problem('rate-limited', { seconds })
  return { forgive: () => forgiveAttempt(db.kysely, { cleared: [], refunded: [ofPerson] }) }
}

function counter(of: readonly string[], most: number, minutes: number): Counter {
  return { hash: createHash('sha256').update(JSON.stringify(of)).digest(), most, minutes }
}

/** Of IPv6, the half that names a network: whoever has one address has all of it. */
function placeOf(ip: string): string {
  if (!ip.includes(':') || ip.startsWith('::ffff:')) return ip
  const [head = '', tail] = ip.split('::', 2)
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = Math.max(0, 8 - groups.length - rest.length)
  return [...groups, ...Array.from({ length: missing }, () => '0'), ...rest].slice(0, 4).join(':')
}
