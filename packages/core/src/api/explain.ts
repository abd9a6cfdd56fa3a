/** Questions about access: why somebody reaches a data source or path or why not, who does, what a person does (04). */
import { z } from 'zod'
import { accessRow, provisioning, reason } from './access.ts'
import { id, idParam, instant, level, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

const principalKind = z.enum(['iamUser', 'iamRole', 'identityCenterUser'])
const named = z.object({ id, name: z.string() })

/** Who says so (`local`, or an identity provider), and since when. */
const said = z.array(z.object({ source: z.string(), since: instant }))

/** What of the person a call of an expression found. */
const fact = z.union([
  z.object({
    attribute: z.string(),
    value: z.string(),
    /** The group that it is inherited from, and who says that the person is in it; nobody need where everyone is. */
    from: named.extend({ said }).optional(),
    /** The tag of the data source that it equals or is a parent of. */
    tag: z.string().optional(),
    /** Where it is the value of a data product, which only the marketplace gives. */
    membership: z.object({ id, product: z.string(), until: instant.optional() }).optional(),
    said,
  }),
  z.object({ group: z.string(), tag: z.string().optional(), said }),
  z.object({ user: z.string() }),
  z.object({ principal: principalKind, identifier: z.string(), since: instant.optional() }),
])

export type ExplainedRule =
  | { kind: 'and' | 'or'; holds: boolean; terms: ExplainedRule[] }
  | { kind: 'not'; holds: boolean; term: ExplainedRule }
  | { kind: 'call'; holds: boolean; name: string; args: string[]; facts: z.output<typeof fact>[] }

const rule: z.ZodType<ExplainedRule> = z
  .union([
    z.object({
      kind: z.enum(['and', 'or']),
      holds: z.boolean(),
      get terms() {
        return z.array(rule)
      },
    }),
    z.object({
      kind: z.literal('not'),
      holds: z.boolean(),
      get term() {
        return rule
      },
    }),
    z.object({
      kind: z.literal('call'),
      holds: z.boolean(),
      name: z.string(),
      args: z.array(z.string()),
      facts: z.array(fact),
    }),
  ])
  .meta({ id: 'ExplainedRule' })

const policy = z.object({
  id,
  version: z.number().int(),
  name: z.string(),
  level,
  holds: z.boolean(),
  /** Only on manual grant policies: it holds for who qualifies and has subscribed. */
  subscribed: z.boolean().optional(),
  /** The covered data source that brings a guardrail along. */
  via: named.optional(),
  /** The integration that a guardrail of a covered data source is asked through, where it is not that one's own. */
  through: id.optional(),
  /** Absent where the policy is about everyone, or opens requests. */
  rule: rule.optional(),
  /** It lets nobody in: people may ask. */
  opensRequests: z.literal(true).optional(),
})

export const explainedFix = z.object({
  fix: z.enum([
    'giveAttribute',
    'takeAttribute',
    'joinGroup',
    'leaveGroup',
    'map',
    'addMember',
    'requestProduct',
    'request',
    'subscribe',
  ]),
  /** Of an attribute; without a value: any. */
  key: z.string().optional(),
  value: z.string().optional(),
  group: z.string().optional(),
  principal: principalKind.optional(),
  integrationId: z.string().optional(),
  /** The id of the data product to ask for. */
  product: z.string().optional(),
  level: level.optional(),
  /** The level that this change alone would give. */
  gives: level,
})

const explained = z.object({
  /** Without a scope where the caller may find the data source and not read it. */
  dataSource: z.object({ id, name: z.string(), scope: z.string().optional() }),
  /** The highest level reached, overlaps included. */
  verdict: z.enum(['WRITE', 'READ', 'none']),
  /** The level of the person's own entitlement. */
  entitled: level.optional(),
  because: z.array(reason),
  /** Every reason was made by the person it benefits; absent where there is no access. */
  selfGiven: z.boolean().optional(),
  obstacles: z.array(
    z.enum([
      'unknownUser',
      'userDisabled',
      'unknownDataSource',
      'dataSourceDisabled',
      'unknownIntegration',
      'nothingLetsIn',
    ]),
  ),
  grants: z.array(policy),
  guardrails: z.array(policy),
  members: z.array(
    z.object({
      id,
      level,
      group: z.object({ id, name: z.string().optional() }).optional(),
      since: instant.optional(),
      until: instant.optional(),
      /** False once it has ended. */
      holds: z.boolean(),
    }),
  ),
  /** Each alone would give access, or more of it; empty where more than one thing is missing, or nothing is. */
  fixes: z.array(explainedFix),
  /** Where it stands in AWS; absent where there is no access. */
  provisioning: provisioning.optional(),
})

const matched = z.object({
  id,
  awsGrantId: z.string().optional(),
  scope: z.string(),
  permission: z.enum(['READ', 'READWRITE']),
  grantee: z.string(),
})

/** What AWS would say to the person about a path. */
const aws = z.object({
  /** `granted`, or the layer at which a denial would come. */
  layer: z.enum(['granted', 'outsideLocations', 'noDataSource', 'noGrant', 'unmapped', 'notYetProvisioned']),
  message: z.string(),
  /** The one that AWS would match for READ: the closest to the path. */
  grant: matched.optional(),
  /** The one that AWS would match for READWRITE. */
  writing: matched.optional(),
})

/** A user, or an AWS principal: as it was mapped, or the ARN of a session of a role. */
const person = { user: idParam.optional(), principal: z.string().min(1).max(2048).optional() }
/** A data source, or a path such as `s3://lake/finance/2026.csv`. */
const place = { dataSource: idParam.optional(), path: z.string().min(1).max(2100).optional() }
const onePerson = [
  (query: { user?: unknown; principal?: unknown }) => (query.user === undefined) !== (query.principal === undefined),
  { error: 'needs either `user` or `principal`' },
] as const
const onePlace = [
  (query: { dataSource?: unknown; path?: unknown }) => (query.dataSource === undefined) !== (query.path === undefined),
  { error: 'needs either `dataSource` or `path`' },
] as const

export const access = {
  explain: endpoint({
    method: 'GET',
    path: '/explain',
    summary: 'Why a person reaches a data source or a path, or why not, and what would change that',
    needs: rules.explainAccess,
    query: z
      .strictObject({ ...person, ...place })
      .refine(...onePerson)
      .refine(...onePlace),
    status: 200,
    response: z.object({
      user: z.object({ id, userid: z.string(), name: z.string() }),
      /** For a path: each data source that covers it, widest first. */
      dataSources: z.array(explained),
      aws: aws.optional(),
    }),
    errors: ['user-not-found', 'principal-not-found', 'data-source-not-found'],
  }),
  who: endpoint({
    method: 'GET',
    path: '/access/who',
    summary: 'Everybody who reaches a data source or a path, by user id',
    needs: rules.lookAfterDataSource,
    query: pageQuery
      .omit({ search: true })
      .extend(place)
      .refine(...onePlace),
    status: 200,
    response: page(accessRow),
    errors: ['data-source-not-found'],
  }),
  what: endpoint({
    method: 'GET',
    path: '/access/what',
    summary: 'Everything that a person reaches, by data source id',
    needs: rules.readAccessOfUser,
    query: pageQuery
      .omit({ search: true })
      .extend(person)
      .refine(...onePerson),
    status: 200,
    response: page(accessRow),
    errors: ['user-not-found', 'principal-not-found'],
  }),
}
export type Explained = z.output<typeof explained>

/** The unmet ones that keep something away: where nothing lets somebody write, there is nothing to keep them from. */
export function guardrailsInTheWay({ guardrails, grants, members }: Explained): Explained['guardrails'] {
  const wouldWrite = [...grants, ...members].some(({ holds, level }) => holds && level === 'WRITE')
  return guardrails.filter(({ holds, level }) => !holds && (level === 'READ' || wouldWrite))
}
