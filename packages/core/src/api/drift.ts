/** Drift: what AWS holds, held against the ledger, and what was done about each difference (05). */
import { z } from 'zod'
import { id, idParam, instant, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'

export const driftKinds = ['missing', 'changed', 'orphan', 'foreign', 'unjudged', 'location', 'identityCenter'] as const
export type DriftKind = (typeof driftKinds)[number]

/**
 * `recreate`: looked for and made again by the change loop; `replace`: revoked and made again; `remove`: deleted in
 * AWS; `stop`: nothing is created in the integration until somebody has looked; `report`: nothing.
 */
export const driftDone = ['recreate', 'replace', 'remove', 'stop', 'report'] as const
export type DriftDone = (typeof driftDone)[number]

export const locationDrift = ['equal', 'missing', 'roleChanged', 'scopeChanged'] as const
export type LocationDrift = (typeof locationDrift)[number]
export const identityCenterDrift = ['equal', 'changed', 'missing', 'none'] as const
export type IdentityCenterDrift = (typeof identityCenterDrift)[number]

const finding = z.object({
  kind: z.enum(driftKinds),
  /** What was done about it. */
  done: z.enum(driftDone),
  /** What differs, and why nothing more was done. */
  detail: z.string(),
  awsGrantId: z.string().optional(),
  /** The ledger's row. */
  grantId: id.optional(),
  grantee: z.string().optional(),
  scope: z.string().optional(),
  permission: z.string().optional(),
})

const count = z.number().int()
const report = z.object({
  id,
  startedAt: instant,
  finishedAt: instant,
  /** Grants of the integration's location that AWS listed, and those that it should have. */
  checked: count,
  equal: count,
  missing: count,
  changed: count,
  /** Ours, left in AWS by a call that came too late or a row that was lost. */
  orphans: count,
  foreign: count,
  /** Too young, being worked on, or beyond what one comparison looks into. */
  unjudged: count,
  location: z.enum(locationDrift),
  identityCenter: z.enum(identityCenterDrift),
  /** What AWS does not give back, so that a difference in it cannot be seen. */
  notCompared: z.array(z.string()),
})
export type DriftReport = z.output<typeof report>

const scan = z.object({
  requestedAt: instant,
  startedAt: instant.optional(),
  finishedAt: instant.optional(),
  /** Grants of the account and region that AWS listed: all locations, ours or not. */
  listed: count,
  /** Why it came to no end. */
  error: z.string().optional(),
})

const drifted = page(report).extend({
  /** The last one that ended, with its findings: of each kind the first thousand. */
  latest: report.extend({ findings: z.array(finding) }).optional(),
  /** The last one of the account and region, ended or not. */
  lastScan: scan.optional(),
})
export type Drift = z.output<typeof drifted>

const foreignGrant = z.object({
  awsGrantId: z.string(),
  grantee: z.object({ type: z.string(), identifier: z.string() }),
  scope: z.string(),
  permission: z.string(),
  firstSeenAt: instant,
  lastSeenAt: instant,
  /** Somebody ordered its removal. */
  removalOrderedAt: instant.optional(),
  /** AWS confirmed the removal; lists may show it a little longer. */
  removedAt: instant.optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})

const params = z.object({ id: idParam })
const readers = ['APPLICATION_ADMIN', 'GOVERNANCE', 'AUDIT'] as const

export const drift = {
  resync: endpoint({
    method: 'POST',
    path: '/integrations/{id}/resync',
    summary: 'Compare AWS with the ledger now, for every integration of the account and region',
    needs: ['APPLICATION_ADMIN'],
    params,
    status: 202,
    response: scan,
    errors: ['integration-not-found', 'integration-not-compared'],
  }),
  read: endpoint({
    method: 'GET',
    path: '/integrations/{id}/drift',
    summary: 'The last comparison with AWS, its findings, and the comparisons before, newest first',
    needs: readers,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: drifted,
    errors: ['integration-not-found'],
  }),
  foreign: endpoint({
    method: 'GET',
    path: '/integrations/{id}/drift/foreign',
    summary: "Grants in the integration's location that Headgate did not make",
    needs: readers,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(foreignGrant),
    errors: ['integration-not-found'],
  }),
  removeForeign: endpoint({
    method: 'POST',
    path: '/integrations/{id}/drift/foreign/{grantId}/remove',
    summary: 'Delete one grant that Headgate did not make, in AWS',
    needs: ['APPLICATION_ADMIN'],
    params: params.extend({ grantId: z.string().regex(/^[a-zA-Z0-9-]{1,64}$/, 'must be the id of a grant in AWS') }),
    status: 200,
    response: foreignGrant,
    errors: [
      'integration-not-found',
      'integration-not-compared',
      'foreign-grant-not-found',
      'aws-refused',
      'aws-unreachable',
    ],
  }),
}
