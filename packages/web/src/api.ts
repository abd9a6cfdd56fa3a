/**
 * The API as typed functions, called as whoever is signed in: by a session, whose cookie no script can read, or by an
 * API key of this browser tab.
 *
 * The key lives in the session storage: it survives a reload, ends with the tab, goes nowhere but to our own address,
 * and wins over a session. Once the server no longer takes either, it is forgotten and whoever listens is told.
 */
import { ApiError, type api, type Caller, type CurrentSession, caller } from '@headgate/core/api'
import type { z } from 'zod'

type Held = { readonly key: string } | { readonly csrfToken: string }

const storageName = 'headgate-key'
/** How it came that nobody is signed in here: somebody left, or what they had came to its end. */
export type End = 'left' | 'ended'
const listeners = new Set<(end: End) => void>()
/** Who leaves leaves in every tab of the browser; what they typed there is theirs too. */
const channelName = 'headgate-sign-out'
/** What every write of a session has to bring along; known once the session was asked for. */
let csrfToken: string | undefined

export const hg = caller(async (path, init) => {
  const by = held()
  const response = await send(path, init, by)
  // Another key may have been taken up while this call was under way: that one is not to blame.
  if (by !== undefined && isSame(by, held()) && (await isOver(response))) forget('ended')
  return response
})

/** The same, each call given up once the signal says so: for what is listened to, which ends no other way. */
export function hgUntil(signal: AbortSignal): Caller {
  return caller((path, init) => send(path, { ...init, signal }, held()))
}

/** The version of a thing as it is now: what `If-Match` names, lest one overwrites what somebody else changed. */
export async function versionOf(path: string): Promise<string> {
  const response = await send(path, {}, held())
  const version = response.headers.get('etag')
  if (version === null) throw new Error(`${path} has no version`)
  return version
}

/** @throws ApiError when the server does not take the key */
export async function signInWithKey(key: string): Promise<void> {
  await caller((path, init) => send(path, init, { key })).users.me()
  sessionStorage.setItem(storageName, key)
}

/** @throws ApiError `sign-in-refused`, `rate-limited`, `local-accounts-off` */
export async function signInWithPassword(body: z.input<typeof api.session.start.body>): Promise<void> {
  takeUp(await caller((path, init) => send(path, init, undefined)).session.start({ body }))
}

/** Ends the session, here and everywhere; a key is only forgotten by this tab. */
export async function signOut(): Promise<void> {
  const by = held()
  if (by !== undefined && 'csrfToken' in by) {
    await hg.session.end().catch((error: unknown) => {
      // It has ended by itself.
      if (!(error instanceof ApiError && error.status === 401)) throw error
    })
    const others = new BroadcastChannel(channelName)
    others.postMessage('left')
    others.close()
  }
  forget('left')
}

/** Asks the server whether the browser holds a session unless it is known. Throws Unreachable when it does not answer. */
export async function isSignedIn(): Promise<boolean> {
  if (held() !== undefined) return true
  try {
    takeUp(await caller((path, init) => send(path, init, undefined)).session.get())
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false
    throw error
  }
}

/** Also when the session was left in another tab; a tab with a key of its own has nothing to do with that. */
export function onSignedOut(tell: (end: End) => void): void {
  listeners.add(tell)
  new BroadcastChannel(channelName).addEventListener('message', () => {
    if (sessionStorage.getItem(storageName) !== null) return
    csrfToken = undefined
    tell('left')
  })
}

/** No answer at all: the server is stopped, or the way to it is broken. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('Headgate does not answer: it may be restarting, or the network between you and it is down', { cause })
    this.name = 'Unreachable'
  }
}

function held(): Held | undefined {
  const key = sessionStorage.getItem(storageName)
  if (key !== null) return { key }
  return csrfToken === undefined ? undefined : { csrfToken }
}

function takeUp(session: CurrentSession): void {
  csrfToken = session.csrfToken
}

function forget(end: End): void {
  sessionStorage.removeItem(storageName)
  csrfToken = undefined
  for (const tell of listeners) tell(end)
}

function isSame(one: Held, other: Held | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** Also when another tab signed in as somebody else: the cookie is theirs by now, and ours no longer fits it. */
async function isOver(response: Response): Promise<boolean> {
  if (response.status === 401) return true
  if (response.status !== 403) return false
  const body: unknown = await response.clone().json()
  return typeof body === 'object' && body !== null && 'code' in body && body.code === 'csrf-refused'
}

async function send(path: string, init: RequestInit, by: Held | undefined): Promise<Response> {
  const headers = { ...(init.headers as Record<string, string>), ...headersOf(by, init.method) }
  try {
    return await fetch(path, { ...init, headers, cache: 'no-store' })
  } catch (error) {
    throw new Unreachable(error)
  }
}

function headersOf(by: Held | undefined, method = 'GET'): Readonly<Record<string, string>> {
  if (by === undefined) return {}
  if ('key' in by) return { authorization: `Bearer ${by.key}` }
  return method === 'GET' ? {} : { 'x-csrf-token': by.csrfToken }
}
