/** What an integration is allowed to do to AWS by itself: its mode, its brake, and what waits because of them (05). */
import { z } from 'zod'
import { id, idParam, instant, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'

const count = z.number().int()
const params = z.object({ id: idParam })
const readers = ['APPLICATION_ADMIN', 'GOVERNANCE', 'CREATE_S3_DATASOURCE', 'AUDIT'] as const

export const modes = ['observe', 'add', 'enforce'] as const

/** Unwanted grants that stay in AWS for now. */
const held = z.object({
  byBrake: count,
  byMode: count,
  /** Runs to release, oldest first. */
  runs: z.array(z.object({ id, held: count, since: instant })),
})

const restraintStatus = z.object({
  integrationId: z.string(),
  mode: z.enum(modes),
  brake: z.object({
    /** Both bounds must be exceeded within an hour before the brake holds. */
    revocations: count,
    percent: count,
    /** Revocations of the last hour that count. */
    countedWithinHour: count,
    /** How many more it lets through now. */
    room: count,
  }),
  held,
  /** When AWS was last seen to hold just what is wanted. */
  settledAt: instant.optional(),
})

const planItem = z.object({
  action: z.enum(['create', 'revoke', 'hold', 'wait', 'refuse']),
  /** Why it does not happen at once. */
  why: z.string().optional(),
  user: z.object({ id, userid: z.string() }),
  dataSource: z.object({ id, name: z.string() }),
  grantee: z.object({ type: z.enum(['IAM', 'DIRECTORY_USER']), identifier: z.string() }),
  scope: z.string(),
  permission: z.enum(['READ', 'READWRITE']),
})

export const restraint = {
  list: endpoint({
    method: 'GET',
    path: '/restraints',
    summary: 'The integrations that do not carry everything out, or hold something: for everybody, while it lasts',
    needs: 'signedIn',
    status: 200,
    response: z.array(z.object({ integrationId: z.string(), name: z.string(), mode: z.enum(modes), held })),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/integrations/{id}/restraint',
    summary: 'Mode and brake of an integration, and what they hold',
    needs: readers,
    params,
    status: 200,
    response: restraintStatus,
    errors: ['integration-not-found'],
  }),
  setMode: endpoint({
    method: 'PUT',
    path: '/integrations/{id}/mode',
    summary: '`observe`: carry nothing out; `add`: take no access away; `enforce`: both',
    needs: ['APPLICATION_ADMIN'],
    params,
    body: z.strictObject({ mode: z.enum(modes) }),
    status: 200,
    response: restraintStatus,
    errors: ['integration-not-found'],
  }),
  setBrake: endpoint({
    method: 'PUT',
    path: '/integrations/{id}/brake',
    summary: 'How many revocations an hour are let through by themselves: a number and a share, both exceeded to hold',
    needs: ['APPLICATION_ADMIN'],
    params,
    body: z.strictObject({
      revocations: z.number().int().min(0).max(1_000_000),
      percent: z.number().int().min(0).max(100),
    }),
    status: 200,
    response: restraintStatus,
    errors: ['integration-not-found'],
  }),
  plan: endpoint({
    method: 'GET',
    path: '/integrations/{id}/plan',
    summary: 'What would be done now in mode `enforce`: nothing is called, nothing is stored',
    needs: ['APPLICATION_ADMIN', 'GOVERNANCE', 'AUDIT'],
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(planItem).extend({
      /** The change of facts that it was made from. */
      sequence: count,
      counts: z.object({
        create: count,
        revoke: count,
        hold: count,
        wait: count,
        refuse: count,
        keep: count,
        /** Entitlements that AWS cannot be told of. */
        unmapped: count,
      }),
    }),
    errors: ['integration-not-found', 'not-ready'],
  }),
}
