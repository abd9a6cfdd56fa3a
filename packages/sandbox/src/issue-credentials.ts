/**
 * New keys and ids in AWS's shapes, and temporary credentials entered into the state.
 */
import type { Randomness } from './randomness.ts'
import type { World } from './service.ts'
import type { SandboxState, Session } from './state.ts'
import type { Instant } from './wire.ts'

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
  if (state.sessions.size % sweepEvery === 0) forgetLongExpired(state, issuedAt)
  return session
}

const sweepEvery = 1000
/** For so long after their end, sessions are told that they have expired rather than that nobody knows them. */
const rememberedMs = 24 * 3_600_000

// By size and not by a timer, so that carrying the commands out again forgets the same.
function forgetLongExpired({ sessions }: SandboxState, now: Instant): void {
  for (const [id, { expiresAt }] of sessions) if (expiresAt + rememberedMs < now) sessions.delete(id)
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
