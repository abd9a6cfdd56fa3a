/** A moment of the past, as somebody asks for it. */
import type { Instant } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { currentMoment } from '../db/facts.ts'

/**
 * By the database's clock. Throws Problem `request-invalid` where it is yet to come.
 * @param asked ISO 8601; undefined: now
 * @param path of the parameter that says it
 */
export async function pastMoment(tx: Tx, asked: string | undefined, path: string): Promise<Instant> {
  const { now } = await currentMoment(tx)
  const at = asked === undefined ? now : Date.parse(asked)
  if (at <= now) return at
  throw momentRefused(path, `must not lie in the future: it is ${new Date(now).toISOString()}`)
}

export function momentRefused(path: string, message: string): Problem {
  return new Problem('request-invalid', { reason: `\`${path}\` ${message}`, issues: [{ path, message }] })
}
