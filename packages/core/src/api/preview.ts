/** Preview: what a set of changes would do, exactly, before anything is stored (04). */
import { z } from 'zod'
import { dottedName, id, idParam, instantInput, label, level } from './common.ts'
import { endpoint } from './endpoint.ts'
import { newPolicy, policies } from './policies.ts'

const content = policies.edit.body.omit({ acknowledge: true })
const subject = { user: idParam.optional(), group: idParam.optional() }
const oneSubject = [
  (one: { user?: unknown; group?: unknown }) => (one.user === undefined) !== (one.group === undefined),
  { error: 'needs either `user` or `group`' },
] as const
const attribute = { ...subject, key: label, value: dottedName }
const tags = z.array(dottedName).min(1).max(100)

const change = z.union(
  [
    /** Stored and applied at once. */
    z.strictObject({ change: z.literal('createPolicy'), policy: newPolicy }),
    z.strictObject({ change: z.literal('editPolicy'), id: idParam, policy: content }),
    z.strictObject({ change: z.enum(['activatePolicy', 'stagePolicy', 'deletePolicy']), id: idParam }),
    z.strictObject({ change: z.enum(['addTags', 'removeTags']), dataSource: idParam, tags }),
    z.strictObject({ change: z.enum(['giveAttribute', 'takeAttribute']), ...attribute }).refine(...oneSubject),
    z
      .strictObject({
        change: z.literal('setMember'),
        dataSource: idParam,
        ...subject,
        level,
        until: instantInput.optional(),
      })
      .refine(...oneSubject),
    z.strictObject({ change: z.literal('removeMember'), dataSource: idParam, ...subject }).refine(...oneSubject),
  ],
  {
    error:
      'must be one of createPolicy, editPolicy, activatePolicy, stagePolicy, deletePolicy, addTags, removeTags, giveAttribute, takeAttribute, setMember, removeMember, with what it needs',
  },
)
export type HypotheticalChange = z.output<typeof change>

const count = z.number().int()

export const previews = {
  make: endpoint({
    method: 'POST',
    path: '/policies/preview',
    summary: 'What a set of changes, made one after the other, would do; nothing is stored',
    needs: ['GOVERNANCE'],
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(500).optional(),
    }),
    body: z.strictObject({ changes: z.array(change).min(1).max(1000) }),
    status: 200,
    response: z.object({
      /** The change of facts as of which this is so. */
      sequence: count,
      /** Pairs of person and data source. */
      movements: z.object({ gained: count, lost: count, raised: count, lowered: count }),
      people: z.object({ gaining: count, losing: count }),
      dataSources: z.object({ gaining: count, losing: count }),
      entitlements: z.object({ before: count, after: count }),
      integrations: z.array(
        z.object({
          integrationId: z.string(),
          name: z.string(),
          grants: z.object({ create: count, revoke: count }),
          /** New entitlements that AWS cannot be told of. */
          unmapped: count,
          /** Grants of ours in the account and region afterwards; AWS takes 100,000 in all unless raised. */
          quota: z.object({ usedAfter: count, of: count }),
          /** At the rate of the integration's latest runs; absent where it has had none. */
          estimatedSeconds: z.number().optional(),
        }),
      ),
      /** By data source id, then user id. */
      items: z.array(
        z.object({
          user: z.object({ id, userid: z.string(), name: z.string() }),
          dataSource: z.object({ id, name: z.string() }),
          before: level.optional(),
          after: level.optional(),
        }),
      ),
      next: z.string().optional(),
      total: count,
      /** Of exactly who would gain and lose what: equal for equal outcomes. */
      digest: z.string(),
    }),
    errors: [
      'policy-not-found',
      'policy-invalid',
      'integration-not-found',
      'data-source-not-found',
      'user-not-found',
      'group-not-found',
      'not-ready',
    ],
  }),
}
