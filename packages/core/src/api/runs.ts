/** Runs: each carrying-out of a plan, what came of it, and what the brake held of it (05). */
import { z } from 'zod'
import { grant } from './access.ts'
import { id, idParam, instant, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'

const count = z.number().int()

export const run = z.object({
  id,
  integrationId: z.string(),
  /** `interrupted`: its leader ended before it did; the next run picks up what was left. */
  state: z.enum(['running', 'finished', 'interrupted']),
  /** The change of facts that its plan was made from. */
  sequence: count,
  planned: z.object({ create: count, revoke: count }),
  created: count,
  revoked: count,
  failed: count,
  /** Revocations that the brake held; `waiting` of them still are. */
  held: count,
  released: count,
  waiting: count,
  startedAt: instant,
  finishedAt: instant.optional(),
})
export type Run = z.output<typeof run>

/** What is told of runs, as it happens: first how things stand, then each run that moves. */
export const runEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('state'), runs: z.array(run) }),
  z.object({ event: z.literal('run'), run }),
])
export type RunEvent = z.output<typeof runEvent>

const params = z.object({ id: idParam })
const needs = ['APPLICATION_ADMIN', 'GOVERNANCE', 'AUDIT'] as const
const chosen = { integrationId: idParam.optional() }

export const runs = {
  list: endpoint({
    method: 'GET',
    path: '/runs',
    summary: 'Runs, newest first; `held=true`: those with revocations that wait for a release',
    needs,
    query: pageQuery.omit({ search: true }).extend({ ...chosen, held: z.stringbool().optional() }),
    status: 200,
    response: page(run),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/runs/{id}',
    summary: 'One run',
    needs,
    params,
    status: 200,
    response: run,
    errors: ['run-not-found'],
  }),
  grants: endpoint({
    method: 'GET',
    path: '/runs/{id}/grants',
    summary: 'The grants that a run intended, revoked or held, oldest first',
    needs,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(grant.extend({ what: z.enum(['create', 'revoke', 'hold']) })),
    errors: ['run-not-found'],
  }),
  events: endpoint({
    method: 'GET',
    path: '/runs/events',
    summary: 'Runs as they go on: server-sent events, the state first',
    needs,
    query: z.strictObject(chosen),
    streams: true,
    status: 200,
    response: runEvent,
    errors: [],
  }),
  release: endpoint({
    method: 'POST',
    path: '/runs/{id}/release',
    summary: 'Let go what the brake held of a run: those that are still unwanted are revoked',
    needs: ['GOVERNANCE'],
    params,
    status: 200,
    response: z.object({ released: count }),
    errors: ['run-not-found'],
  }),
}
