/** Who reaches what and why, and what AWS holds for it: the shapes that data sources, users and grants share. */
import { z } from 'zod'
import { id, instant, level, page } from './common.ts'

/** The states of a ledger row (05). */
export const grantStates = [
  'intended',
  'creating',
  'active',
  'revoking',
  'revoked',
  'createFailed',
  'revokeFailed',
  'waitingForPrincipal',
  'abandoned',
] as const
export type GrantState = (typeof grantStates)[number]

/** One reason of an entitlement; `via` names the covering data source of an overlap or the group that is a member. */
export const reason = z.object({
  kind: z.enum(['policy', 'member', 'membership', 'overlap']),
  id,
  name: z.string(),
  version: z.number().int().optional(),
  level,
  until: instant.optional(),
  via: z.object({ kind: z.enum(['dataSource', 'group']), id, name: z.string() }).optional(),
  /** The data product of a membership. */
  product: z.object({ id: z.string(), name: z.string() }).optional(),
})

/** Where an entitlement stands in AWS, in words that the person concerned understands. */
export const provisioning = z.object({
  status: z.enum(['active', 'onItsWay', 'unmapped', 'failed', 'covered', 'via', 'held', 'waiting']),
  /** What is so, why, and what to do next. */
  message: z.string(),
  since: instant.optional(),
})

export const accessRow = z.object({
  user: z.object({ id, userid: z.string(), name: z.string() }),
  dataSource: z.object({ id, name: z.string(), scope: z.string() }),
  level,
  because: z.array(reason),
  /** When the access ends: the latest end among the reasons, there when every reason ends. */
  until: instant.optional(),
  /** Every reason was made by the person it benefits. */
  selfGiven: z.boolean(),
  provisioning,
})
export type AccessRow = z.output<typeof accessRow>

export const grant = z.object({
  id,
  integrationId: z.string(),
  dataSource: z.object({ id, name: z.string() }),
  user: z.object({ id, userid: z.string() }),
  grantee: z.object({ type: z.enum(['IAM', 'DIRECTORY_USER']), identifier: z.string() }),
  scope: z.string(),
  permission: z.enum(['READ', 'READWRITE']),
  state: z.enum(grantStates),
  /** What brought about its last change. */
  cause: z.string(),
  /** Unwanted, and still in AWS: by the brake until somebody releases the run, or by the integration's mode. */
  held: z.object({ by: z.enum(['brake', 'mode']), since: instant, run: id.optional(), message: z.string() }).optional(),
  awsGrantId: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), nextTryAt: instant.optional() }).optional(),
  createdAt: instant,
  activeAt: instant.optional(),
  revokedAt: instant.optional(),
  /** For a revoked grant: when the last credentials vended under it end at the latest (05). */
  credentialsEndBy: instant.optional(),
})
export type Grant = z.output<typeof grant>

/**
 * A list of access, with what was lately taken: credentials vended before may be alive. The newest 100; all of them at
 * `GET /grants?lingering=true`.
 */
export const accessPage = page(accessRow).extend({
  recentlyRevoked: z.array(
    z.object({
      user: z.object({ id, userid: z.string() }),
      dataSource: z.object({ id, name: z.string() }),
      permission: z.enum(['READ', 'READWRITE']),
      revokedAt: instant,
      credentialsEndBy: instant,
      message: z.string(),
    }),
  ),
})
export type RecentlyRevoked = z.output<typeof accessPage>['recentlyRevoked'][number]
