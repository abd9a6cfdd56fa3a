/**
 * The API as typed functions, called with the key of this browser tab.
 *
 * The key lives in the session storage: it survives a reload, ends with the tab, and goes nowhere but to our own
 * address. Once the server no longer takes it, it is forgotten and whoever listens is told.
 */
import { type Caller, caller } from '@headgate/core/api'

const storageName = 'headgate-key'
const listeners = new Set<() => void>()

export const hg = caller(async (path, init) => {
  const key = heldKey()
  const response = await send(path, init, key)
  // Another key may have been taken up while this call was under way: that one is not to blame.
  if (response.status === 401 && key !== undefined && key === heldKey()) signOut()
  return response
})

/** The same, each call given up once the signal says so: for what is listened to, which ends no other way. */
export function hgUntil(signal: AbortSignal): Caller {
  return caller((path, init) => send(path, { ...init, signal }, heldKey()))
}

/** The version of a thing as it is now: what `If-Match` names, lest one overwrites what somebody else changed. */
export async function versionOf(path: string): Promise<string> {
  const response = await send(path, {}, heldKey())
  const version = response.headers.get('etag')
  if (version === null) throw new Error(`${path} has no version`)
  return version
}

/** @throws ApiError when the server does not take the key */
export async function signIn(key: string): Promise<void> {
  await caller((path, init) => send(path, init, key)).users.me()
  sessionStorage.setItem(storageName, key)
}

export function signOut(): void {
  sessionStorage.removeItem(storageName)
  for (const tell of listeners) tell()
}

export function isSignedIn(): boolean {
  return heldKey() !== undefined
}

export function onSignedOut(tell: () => void): void {
  listeners.add(tell)
}

/** No answer at all: the server is stopped, or the way to it is broken. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('Headgate does not answer: it may be restarting, or the network between you and it is down', { cause })
    this.name = 'Unreachable'
  }
}

function heldKey(): string | undefined {
  return sessionStorage.getItem(storageName) ?? undefined
}

async function send(path: string, init: RequestInit, key: string | undefined): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...(key && { authorization: `Bearer ${key}` }) }
  try {
    return await fetch(path, { ...init, headers, cache: 'no-store' })
  } catch (error) {
    throw new Unreachable(error)
  }
}
