/**
 * New keys and ids in AWS's shapes, and temporary credentials entered into the state.
 * Every secret is drawn from the operating system's randomness: guessing one is as hopeless as on AWS.
 */
import { randomBytes } from 'node:crypto'
import type { SandboxState, Session } from './state.ts'
import type { Instant } from './wire.ts'

/** What is known of a session before it has credentials. */
export type SessionFacts = Omit<Session, 'accessKeyId' | 'secretAccessKey' | 'sessionToken' | 'issuedAt' | 'expiresAt'>

/** Issues temporary credentials for `durationSeconds` from `now` and enters them into the state. */
export function issueSession(state: SandboxState, facts: SessionFacts, durationSeconds: number, now: Instant): Session {
  const session: Session = {
    ...facts,
    accessKeyId: newUniqueId('ASIA', 16),
    secretAccessKey: newSecret(),
    sessionToken: `IQoJb3JpZ2lu${randomBytes(180).toString('base64')}`,
    issuedAt: now,
    expiresAt: now + durationSeconds * 1000,
  }
  state.sessions.set(session.accessKeyId, session)
  return session
}

/** 40 characters, as AWS's secret keys have. */
export function newSecret(): string {
  return randomBytes(30).toString('base64')
}

/** `AIDA…` user, `AROA…` role, `ANPA…` policy, `AKIA…` and `ASIA…` keys. Lengths are of the part after the prefix. */
export function newUniqueId(prefix: 'AIDA' | 'AROA' | 'ANPA' | 'AKIA' | 'ASIA', length: 16 | 17 = 17): string {
  return prefix + Array.from(randomBytes(length), byte => base32[byte & 31]).join('')
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
