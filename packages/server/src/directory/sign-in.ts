/**
 * Signing in with user name and password.
 *
 * An unknown user name, a wrong password, a disabled person and one without a password are refused with the same words
 * after the same work; who was meant stands in the audit trail only.
 */
import { Problem } from '@headgate/core/api'
import { type Act, type Actor, act } from '../db/act.ts'
import { findLocalAccount, localAccountOf, setPasswordHash } from '../db/local-account.ts'
import { lockPerson, personTarget } from '../db/person.ts'
import { dropSetUpLinks } from '../db/set-up-link.ts'
import { readSettings } from '../db/settings.ts'
import { endSessions } from '../db/sign-in-session.ts'
import type { World } from '../world.ts'
import { attemptPassword } from './attempt-limits.ts'
import { hashPassword, isPassword, refuseWeakPassword } from './password.ts'
import type { Client } from './session-cookie.ts'
import { originOf, type StartedSession, startSession } from './start-session.ts'

/** What a session of a local account was proved by. */
export const local = 'local'

/** @throws Problem `sign-in-refused`, `local-accounts-off`, `rate-limited` */
export async function signIn(
  world: Pick<World, 'db'>,
  { userid, password }: { readonly userid: string; readonly password: string },
  client: Client,
): Promise<StartedSession> {
  const { db } = world
  await needLocalAccounts(world)
  const attempt = await attemptPassword(world, userid, client.ip)
  const account = await findLocalAccount(db.kysely, userid)
  const isRight = await isPassword(account?.hash, password)
  if (!account || !isRight || account.isDisabled) {
    const targets = account ? [personTarget({ id: account.personId, userid: account.userid })] : []
    await act(db, { ...nobody, ...originOf(client) }, async ({ audit }) =>
      audit({
        action: 'SIGN_IN',
        actionStatus: 'FAILURE',
        targetType: 'USER',
        targets,
        payload: { type: 'SignInRefused', via: local },
      }),
    )
    throw new Problem('sign-in-refused')
  }
  await attempt.forgive()
  return startSession(world, account.personId, local, client)
}

/** Not a person: whoever tried to be one. What they typed is not kept, since it may be a password. */
const nobody: Actor = { type: 'user', userid: 'nobody', name: 'Not signed in' }

/** @throws Problem `local-accounts-off` */
export async function needLocalAccounts({ db }: Pick<World, 'db'>): Promise<void> {
  const { localAccounts } = await readSettings(db.kysely)
  if (!localAccounts) throw new Problem('local-accounts-off')
}

/**
 * Changes the caller's own password; all their sessions end but the one that asks.
 * @throws Problem `password-wrong`, `password-refused`, `local-accounts-off`, `rate-limited`
 */
export async function changePassword(
  world: Pick<World, 'db'>,
  caller: Actor & { readonly id: number; readonly session?: { readonly id: number } },
  passwords: { readonly current: string; readonly password: string },
  client: Client,
): Promise<void> {
  const { db } = world
  await needLocalAccounts(world)
  // Whoever found a browser signed in guesses no further than whoever did not.
  const attempt = await attemptPassword(world, caller.userid, client.ip)
  const account = await localAccountOf(db.kysely, caller.id)
  if (!(await isPassword(account?.hash, passwords.current))) throw new Problem('password-wrong')
  await attempt.forgive()
  refuseWeakPassword(passwords.password, caller)
  const hash = await hashPassword(passwords.password)
  await act(db, caller, doing => storePassword(doing, caller.id, hash, { how: 'changed', except: caller.session?.id }))
}

interface PasswordChange {
  /** How it came about, for the audit event. */
  readonly how: 'changed' | 'set-up'
  /** The session that goes on. */
  readonly except?: number | undefined
  /** As `setPasswordHash` has it: whoever changes a password that was opened for them may be whoever opened it. */
  readonly openedBy?: number | null
}

export async function storePassword(
  { tx, audit }: Act,
  person: number,
  hash: string,
  { how, except, openedBy }: PasswordChange,
): Promise<void> {
  const owner = await lockPerson(tx, person)
  await setPasswordHash(tx, person, hash, openedBy)
  await dropSetUpLinks(tx, person)
  const ended = await endSessions(tx, { person, except })
  audit({
    action: 'UPDATE',
    targetType: 'USER',
    targets: [personTarget(owner)],
    payload: { type: 'PasswordSet', how, sessionsEnded: ended.length },
  })
}
