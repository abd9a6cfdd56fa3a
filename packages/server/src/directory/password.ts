/**
 * Passwords: what makes one, how it is kept, and whether it is right.
 *
 * Length counts and composition does not (NIST SP 800-63B-4, 3.1.1.2). Looking at a password costs the same whether
 * there is an account or not: without one it is held against a decoy.
 */

import { Problem } from '@headgate/core/api'
import { hash, verify } from '@node-rs/argon2'

/**
 * OWASP Password Storage Cheat Sheet: argon2id (the library's algorithm by default) with at least 19 MiB, 2 passes and
 * one lane.
 */
const cost = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 } as const

/** Characters. The lower one is above NIST's 15 for one factor only with a rate limit as ours beside it. */
const length = { least: 12, most: 256 }

/** As argon2id writes it, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  return hash(normal(password), cost)
}

/** Whether it is the password of an account; without one, false after as much work. */
export async function isPassword(stored: string | undefined, password: string): Promise<boolean> {
  const isRight = await verify(stored ?? (await decoy()), normal(password))
  return isRight && stored !== undefined
}

let made: Promise<string> | undefined
function decoy(): Promise<string> {
  made ??= hashPassword('nobody has this password')
  return made
}

/** @throws Problem `password-refused`, which never quotes the password */
export function refuseWeakPassword(password: string, { userid, name }: { userid: string; name: string }): void {
  const characters = [...normal(password)]
  if (characters.length < length.least) throw refused(`it has fewer than ${length.least} characters`)
  if (characters.length > length.most) throw refused(`it has more than ${length.most} characters`)
  const folded = fold(password)
  if (new Set(characters).size < 4) throw refused('it repeats a few characters')
  if ([userid, name, ...userid.split('@', 1)].some(known => isRepetition(folded, fold(known)))) {
    throw refused('it is the user name or the name')
  }
  if (isRun(folded) || common.some(known => isRepetition(folded, known))) {
    throw refused('it is among the first that anybody would try')
  }
}

/** Of what people choose when at least twelve characters are asked for; each also when it is repeated. */
const common: readonly string[] = [
  'password',
  'password1',
  'password12',
  'password123',
  'password1234',
  'password12345',
  'password123456',
  'password!',
  'passw0rd',
  'administrator',
  'administrator1',
  'changeme',
  'changeme1234',
  'changeit',
  'letmein',
  'letmein12345',
  'welcome',
  'welcome12345',
  'headgate',
  'headgate1234',
  'iloveyou',
  'iloveyou1234',
  'qwerty',
  'qwertyuiop12',
  'qwertyuiop123',
  'qwerty123456',
  'q1w2e3r4t5y6',
  '1q2w3e4r5t6y',
  '1qaz2wsx3edc',
  'correcthorsebatterystaple',
]

function isRepetition(text: string, part: string): boolean {
  return part !== '' && text.length % part.length === 0 && text === part.repeat(text.length / part.length)
}

/** `123456789012`, `abcdefghijkl`, `qwertyuiopas` and the same backwards. */
function isRun(text: string): boolean {
  const rows = ['12345678901234567890', 'abcdefghijklmnopqrstuvwxyz', 'qwertyuiopasdfghjklzxcvbnm']
  return rows.some(row => row.includes(text) || [...row].reverse().join('').includes(text))
}

/** What two keyboards write for the same character is the same password (NIST SP 800-63B-4, 3.1.1.2). */
function normal(password: string): string {
  return password.normalize('NFKC')
}

function fold(text: string): string {
  return normal(text).toLowerCase().trim()
}

function refused(reason: string): Problem {
  return new Problem('password-refused', { reason })
}
