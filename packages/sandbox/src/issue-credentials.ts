/**
 * New keys and ids in AWS's shapes, and temporary credentials entered into the state.
 */
import type { Randomness } from './randomness.ts'
import type { World } from './service.ts'
import type { Session } from './state.ts'

/** What is known of a session before it has credentials. */
export type SessionFacts = Omit<Session, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'issuedAt' | 'expiresAt'>

/** Issues temporary credentials for `durationSeconds` from now and enters them into the state. */
export function issueSession(
  { state, now, random }: Pick<World, 'state' | 'now' | 'random'>,
  facts: SessionFacts,
  durationSeconds: number,
): Session {
  const issuedAt = now()
  const session: Session = {
    ...facts,
    accessKeyId: newUniqueId(random, 'ASIA', 16),
    secretAccessKey: newSecret(random),
    sessionToken: `IQoJb3JpZ2lu${random.bytes(180).toString('base64')}`,
    issuedAt,
    expiresAt: issuedAt + durationSeconds * 1000,
  }
  state.sessions.set(session.accessKeyId, session)
  return session
}

/** 40 characters, as AWS's secret keys have. */
export function newSecret(random: Randomness): string {
  return random.bytes(30).toString('base64')
}

/** `AIDA…` user, `AROA…` role, `ANPA…` policy, `AKIA…` and `ASIA…` keys. Lengths are of the part after the prefix. */
export function newUniqueId(
  random: Randomness,
  prefix: 'AIDA' | 'AROA' | 'ANPA' | 'AKIA' | 'ASIA',
  length: 16 | 17 = 17,
): string {
  return prefix + Array.from(random.bytes(length), byte => base32[byte & 31]).join('')
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
