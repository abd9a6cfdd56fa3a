/** Ready questions about access (07): each a table, as JSON page by page or as CSV in one go. */
import { z } from 'zod'
import { idParam } from './common.ts'
import { endpoint } from './endpoint.ts'

const cellTypes = ['text', 'number', 'instant', 'date', 'boolean'] as const
type CellType = (typeof cellTypes)[number]

interface Definition {
  readonly title: string
  readonly description: string
  /** What is asked for; a question mark after the name: it need not be. */
  readonly parameters: readonly (Parameter | `${Parameter}?`)[]
  /** By name, in order. */
  readonly columns: Readonly<Record<string, CellType>>
  /** How it is best drawn: one or several columns of numbers over another one. */
  readonly chart?: { readonly kind: 'line' | 'bar'; readonly x: string; readonly y: readonly string[] }
}

/** What a report may be asked about. Days are whole ones in UTC. */
const parameters = {
  dataSource: idParam,
  user: idParam,
  integration: idParam,
  from: z.iso.date(),
  to: z.iso.date(),
  /** Days from now. */
  days: z.coerce.number().int().min(1).max(3650),
} as const
type Parameter = keyof typeof parameters

const person = { userId: 'number', user: 'text', name: 'text' } as const
const source = { dataSourceId: 'number', dataSource: 'text', scope: 'text' } as const
const access = { level: 'text', because: 'text', until: 'instant', status: 'text' } as const

export const reportDefinitions = {
  'access-to-data-source': {
    title: 'Who has access to a data source',
    description: 'Everybody who reaches it, why, until when, and whether AWS has it; by user name.',
    parameters: ['dataSource'],
    columns: { ...person, ...access },
  },
  'access-of-person': {
    title: 'What a person can reach',
    description: 'Every data source they reach, why, until when, and whether AWS has it; by name.',
    parameters: ['user'],
    columns: { ...source, ...access },
  },
  'people-over-time': {
    title: 'People with access over time',
    description:
      'How many people held a grant in AWS at the end of each day, and how many grants there were; of what is deleted too.',
    parameters: ['from?', 'to?', 'dataSource?', 'integration?'],
    columns: { day: 'date', people: 'number', grants: 'number' },
    chart: { kind: 'line', x: 'day', y: ['people', 'grants'] },
  },
  'data-sources-without-policy': {
    title: 'Data sources with no policy',
    description: 'No active grant policy applies to them: nobody gets in but members added by name.',
    parameters: [],
    columns: {
      ...source,
      integration: 'text',
      disabled: 'boolean',
      guardrails: 'number',
      members: 'number',
      people: 'number',
    },
  },
  'policies-letting-nobody-in': {
    title: 'Policies that let nobody in',
    description: 'Active grant policies by which nobody has access at present, and what is in the way.',
    parameters: [],
    columns: {
      policyId: 'number',
      policy: 'text',
      version: 'number',
      level: 'text',
      dataSources: 'number',
      why: 'text',
    },
  },
  'unmapped-people': {
    title: 'Entitled people without an AWS identity',
    description:
      'They have access by policy and get nothing from AWS, as nothing says who they are there; by integration.',
    parameters: ['integration?'],
    columns: { ...person, integrationId: 'number', integration: 'text', why: 'text' },
  },
  'expiring-soon': {
    title: 'Access that ends soon',
    description: 'Memberships with an end within the next days, the earliest first.',
    parameters: ['days?'],
    columns: { kind: 'text', who: 'text', what: 'text', level: 'text', until: 'instant', reason: 'text' },
  },
  'decisions-by-steward': {
    title: 'Decisions by steward',
    description:
      'Who decided how many access requests, which way, and how many hours the middle one waited; by user name.',
    parameters: ['from?', 'to?'],
    columns: { ...person, approved: 'number', denied: 'number', medianHours: 'number', last: 'instant' },
    chart: { kind: 'bar', x: 'user', y: ['approved', 'denied'] },
  },
  'grants-against-quota': {
    title: 'Grants against the quotas of AWS',
    description: 'For each account and region: grants in use, ours among them, the quota, and when it is reached.',
    parameters: [],
    columns: {
      account: 'text',
      region: 'text',
      grants: 'number',
      ours: 'number',
      quota: 'number',
      percent: 'number',
      perDay: 'number',
      runsOutAt: 'instant',
    },
    chart: { kind: 'bar', x: 'account', y: ['grants', 'quota'] },
  },
  'drift-history': {
    title: 'Drift over time',
    description: 'What each comparison of AWS with the ledger found; the newest first.',
    parameters: ['integration?', 'from?', 'to?'],
    columns: {
      at: 'instant',
      integrationId: 'number',
      integration: 'text',
      checked: 'number',
      missing: 'number',
      changed: 'number',
      orphans: 'number',
      foreign: 'number',
      unjudged: 'number',
      location: 'text',
    },
    chart: { kind: 'line', x: 'at', y: ['missing', 'changed', 'orphans', 'foreign'] },
  },
} as const satisfies Readonly<Record<string, Definition>>

export type ReportName = keyof typeof reportDefinitions
export const reportNames = Object.keys(reportDefinitions) as [ReportName, ...ReportName[]]
export type ReportColumn<Name extends ReportName> = keyof (typeof reportDefinitions)[Name]['columns'] & string
export type ReportParameters = { readonly [P in Parameter]?: z.output<(typeof parameters)[P]> | undefined }

/** Of a column that has nothing to say in a row: null. */
const cell = z.union([z.string(), z.number(), z.boolean(), z.null()])
export type ReportCell = z.output<typeof cell>

const asked = z.strictObject(parameters).partial()
const params = z.object({ name: z.enum(reportNames) })
const needs = ['GOVERNANCE', 'AUDIT'] as const

const column = z.object({ name: z.string(), type: z.enum(cellTypes) })

export const reports = {
  list: endpoint({
    method: 'GET',
    path: '/reports',
    summary: 'The reports there are, what each is asked about, and its columns',
    needs,
    status: 200,
    response: z.array(
      z.object({
        name: z.enum(reportNames),
        title: z.string(),
        description: z.string(),
        parameters: z.array(z.object({ name: z.string(), required: z.boolean() })),
        columns: z.array(column),
        chart: z.object({ kind: z.enum(['line', 'bar']), x: z.string(), y: z.array(z.string()) }).optional(),
      }),
    ),
    errors: [],
  }),
  read: endpoint({
    method: 'GET',
    path: '/reports/{name}',
    summary: 'One report, page by page',
    needs,
    params,
    query: asked.extend({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(500).optional(),
    }),
    status: 200,
    response: z.object({
      name: z.enum(reportNames),
      columns: z.array(column),
      /** By column. */
      rows: z.array(z.record(z.string(), cell)),
      next: z.string().optional(),
    }),
    errors: ['data-source-not-found', 'user-not-found', 'integration-not-found'],
  }),
  csv: endpoint({
    method: 'GET',
    path: '/reports/{name}/csv',
    summary: 'One report, all of it, as CSV; `?bom=true` for Excel',
    needs,
    params,
    query: asked.extend({ bom: z.stringbool().default(false) }),
    gives: 'text/csv',
    status: 200,
    response: z.string(),
    errors: ['data-source-not-found', 'user-not-found', 'integration-not-found'],
  }),
}
