/**
 * Parse → act → present, once for every route: the contract's schemas check what comes in, the handler does the work,
 * the contract's schema checks what goes out. A handler sees typed values only and never a raw request.
 */
import { type Endpoint, type ErrorCode, type Permission, Problem, permissionsNeeded } from '@headgate/core/api'
import type { z } from 'zod'
import type { Actor } from '../db/act.ts'
import type { Client, Cookie } from '../directory/session-cookie.ts'

/** Who calls, with what they may do: their own permissions, narrowed to those of the key. */
export interface Caller extends Actor {
  readonly type: 'user'
  readonly id: number
  readonly permissions: ReadonlySet<Permission>
  /** Whether the key itself was confined to some permissions, whatever its owner comes to hold. */
  readonly keyIsNarrowed: boolean
  /**
   * Who opened the way in that is used: made the key, or opened the account anew. It may be they who call, so that
   * nobody decides through it on what this person may not decide on. Absent: nobody but the owner did.
   */
  readonly openedBy?: number
  /** Whether what the person owns counts: of a key that somebody else made for a person it does not. */
  readonly carriesOwning: boolean
  /** When the key ends by itself; absent where it does not, and with a session. */
  readonly keyExpiresAt?: number
  /** There for whoever is signed in with a browser; absent with a key. */
  readonly session?: {
    readonly id: number
    /** `local`, or the name of an identity provider. */
    readonly via: string
    readonly endsAt: number
  }
}

/** Who may be calling: whose account it is, and whoever opened the way in that is used. */
export function whoCalls({ id, openedBy }: Pick<Caller, 'id' | 'openedBy'>): readonly number[] {
  return openedBy === undefined ? [id] : [id, openedBy]
}

type Part<E, Name extends 'params' | 'query' | 'body'> = E extends { readonly [N in Name]: infer S extends z.ZodType }
  ? z.output<S>
  : undefined

export interface Call<E extends Endpoint> {
  readonly params: Part<E, 'params'>
  readonly query: Part<E, 'query'>
  /** A file comes as it is sent, and may be read no further than wanted. */
  readonly body: E extends { readonly takes: string } ? AsyncIterable<Uint8Array> : Part<E, 'body'>
  /** The version that `If-Match` names; there exactly when the endpoint asks for one. */
  readonly version: E extends { readonly ifMatch: true } ? number : undefined
  /** There unless the endpoint needs nobody. */
  readonly caller: E['needs'] extends 'nobody' ? undefined : Caller
  /** Where the call comes from. */
  readonly client: Client
}

/** Tells events until `signal` is aborted or there are no more; what it throws ends the stream. */
type Streaming<E extends Endpoint> = (
  send: (event: z.input<E['response']>) => void,
  signal: AbortSignal,
) => Promise<void>

export type Answer<E extends Endpoint> = E extends { readonly streams: true }
  ? { readonly stream: Streaming<E> }
  : E extends { readonly gives: string }
    ? FileAnswer
    : PlainAnswer<E>

export interface FileAnswer {
  readonly file: AsyncIterable<string>
  /** What it is saved as. */
  readonly name: string
}

export interface PlainAnswer<E extends Endpoint> {
  readonly body: z.input<E['response']>
  /** What `Headgate-Sequence` says. */
  readonly sequence?: number | undefined
  /** What `ETag` says: the version to send as `If-Match`. */
  readonly version?: number | undefined
  /** What `Headgate-Still-Held-By` says: the sources that go on saying what was taken away here. */
  readonly stillHeldBy?: readonly string[]
  /** Where a browser is sent on to (302). */
  readonly location?: string
  /** What the browser is to keep, or to forget. */
  readonly cookies?: readonly Cookie[]
}

/** Registers one endpoint. */
export type Serve = <E extends Endpoint>(endpoint: E, handle: (call: Call<E>) => Promise<Answer<E>>) => void

/** What needs a permission whatever it is about. Throws Problem `permission-missing`. */
export function needPermission(caller: Caller, { needs }: Pick<Endpoint, 'needs'>): void {
  const anyOf = permissionsNeeded(needs)
  if (anyOf) need(caller, ...anyOf)
}

/** @throws Problem `permission-missing` unless the caller holds one of them */
export function need(caller: Caller, ...anyOf: readonly Permission[]): void {
  if (anyOf.some(permission => caller.permissions.has(permission))) return
  throw new Problem('permission-missing' satisfies ErrorCode, { permission: anyOf.join(' or ') })
}
