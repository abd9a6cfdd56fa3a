/**
 * What one route of the HTTP API is: method, path, who may call it, the shapes of what goes in and comes out.
 *
 * The server checks and serves these very values, OpenAPI is printed from them, and `caller` turns them into typed
 * functions, so the contract exists once.
 */
import type { z } from 'zod'
import type { ErrorCode } from '../errors.ts'
import type { Needs } from './needs.ts'

export const permissions = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'] as const
export type Permission = (typeof permissions)[number]

export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for each parameter, as OpenAPI writes it. */
  readonly path: string
  readonly summary: string
  /** Who may call. */
  readonly needs: Needs
  readonly params?: z.ZodObject
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** The array of the body whose items the route checks itself, each by `each`, so that every bad one is named. */
  readonly items?: { readonly in: string; readonly each: z.ZodType }
  /** Whether the write must say which version it changes, by `If-Match`. */
  readonly ifMatch?: true
  /** Whether the write may be held against a preview of it, by `If-Preview`. */
  readonly ifPreview?: true
  /** The body is a file, read as it comes, in the place of JSON or YAML; so is the answer. */
  readonly takes?: 'text/csv'
  readonly gives?: 'text/csv' | 'application/x-ndjson'
  /** Answers server-sent events for as long as the caller listens; `response` is the shape of each. */
  readonly streams?: true
  /** 302: sends a browser on. */
  readonly status: 200 | 201 | 202 | 204 | 302
  readonly response: z.ZodType
  /** The errors of its own; those that any route may answer (400, 401, 403, 413, 422, 429, 500) are understood. */
  readonly errors: readonly ErrorCode[]
  /** Bytes; 1 MiB when absent. */
  readonly bodyLimit?: number
}

/** Keeps the literal types of an endpoint, so that `caller` can derive its function from it. */
export function endpoint<const E extends Endpoint>(definition: E): E {
  return definition
}
