/** A call of an identity provider, as the door hands it on, and its answer. */
import type { Actor } from '../db/act.ts'
import type { Json } from './definitions.ts'
import type { ScimProvider } from './provider.ts'

export interface ScimCaller {
  readonly provider: ScimProvider
  readonly actor: Actor
}

export interface ScimCall {
  readonly caller: ScimCaller
  /** Where `/scim/v2` is for the provider, without a closing slash. */
  readonly base: string
  readonly path: string
  /** Of the resource, where the path has one. */
  readonly id: string
  /** By name in lower case. */
  readonly query: Readonly<Record<string, string | undefined>>
  readonly body: unknown
  readonly ifMatch: string | undefined
  readonly ifNoneMatch: string | undefined
}

export interface ScimAnswer {
  /** Instead of the endpoint's own. */
  readonly status?: 200 | 304
  readonly body?: Json
  readonly version?: number
  /** Of what was made. */
  readonly location?: string
}
