/**
 * Stored policies as core reads them.
 *
 * Fails closed: one that cannot be read (any more) lets nobody in, and where it is a guardrail lets nobody through;
 * either way it is named. Only active policies are facts.
 */
import type {
  AppliesTo,
  Condition,
  DataSourceId,
  Expression,
  IntegrationId,
  Policy,
  PolicyId,
  Reach,
  Who,
} from '@headgate/core'
import { call, parseExpression, parseScope } from '@headgate/core'
import { policyContent } from '@headgate/core/api'
import { sql } from 'kysely'
import type { z } from 'zod'
import type { Tx } from './act.ts'

export interface UnreadablePolicy {
  readonly id: PolicyId
  readonly name: string
  readonly kind: 'grant' | 'guardrail'
  readonly message: string
}

/** Those of them that are active; without ids all. */
export async function loadPolicies(
  tx: Tx,
  ids?: readonly number[],
): Promise<{ policies: Policy[]; unreadable: UnreadablePolicy[] }> {
  const rows = await tx
    .selectFrom('policy')
    .where('state', '=', 'active')
    .$if(ids !== undefined, query => query.where('id', '=', sql<number>`any(${ids})`))
    .select(['id', 'version', 'name', 'definition', 'domain', 'data_source_id', 'protected'])
    .orderBy('id')
    .execute()
  const policies: Policy[] = []
  const unreadable: UnreadablePolicy[] = []
  for (const { domain, data_source_id, ...row } of rows) {
    const { policy, message } = readPolicy({ ...row, reach: reachOf({ domain, data_source_id }) })
    if (policy) policies.push(policy)
    if (message === undefined) continue
    const kind = policy?.kind ?? 'grant'
    unreadable.push({ id: row.id as PolicyId, name: row.name, kind, message })
  }
  return { policies, unreadable }
}

const storedShape = policyContent.omit({ name: true })

/** True for nobody. */
const nobody: Expression = call('isUser')

interface StoredPolicy {
  readonly id: number
  readonly version: number
  readonly name: string
  readonly definition: object
  readonly reach: Reach
  readonly protected?: boolean
}

/** The policy that may be applied, if any, and what could not be read of the stored one. */
export function readPolicy({ id, version, name, definition, reach, protected: isProtected }: StoredPolicy): {
  policy?: Policy
  message?: string
} {
  const row = { id: id as PolicyId, version, name, reach }
  const read = storedShape.safeParse(definition)
  if (!read.success) return shutPolicy(row, definition, { everything: true }, 'its definition is damaged')
  const { kind, level, subscribe, discoverable } = read.data
  const appliesTo = readAppliesTo(read.data.appliesTo)
  if (!appliesTo) return shutPolicy(row, definition, { everything: true }, 'a scope it applies to cannot be read')
  const who = readWho(read.data.who)
  if (typeof who === 'string') return shutPolicy(row, definition, appliesTo, who)
  const standing = isProtected ? { protected: true as const } : {}
  const opening = 'onRequest' in read.data.who ? { opensRequests: true as const } : {}
  return { policy: { ...row, kind, level, appliesTo, who, subscribe, discoverable, ...opening, ...standing } }
}

/** As core says it. */
export function reachOf({
  domain,
  data_source_id,
}: {
  readonly domain: string | null
  readonly data_source_id: number | null
}): Reach {
  if (data_source_id !== null) return { dataSource: data_source_id as DataSourceId }
  return domain === null ? 'global' : { domain }
}

/** A grant policy gives nothing then; whatever else it is may be a minimum, which nobody is known to meet. */
function shutPolicy(
  row: Pick<Policy, 'id' | 'version' | 'name' | 'reach'>,
  definition: object,
  appliesTo: AppliesTo,
  message: string,
): { policy?: Policy; message: string } {
  if ('kind' in definition && definition.kind === 'grant') return { message }
  const who = { when: nobody }
  // A READ guardrail bars from writing too.
  const shut = { kind: 'guardrail', level: 'READ', subscribe: 'automatic', discoverable: false } as const
  return { policy: { ...row, ...shut, appliesTo, who }, message }
}

type StoredShape = z.output<typeof storedShape>

function readAppliesTo(stored: StoredShape['appliesTo']): AppliesTo | undefined {
  if ('everything' in stored || 'selected' in stored) return stored
  const written = 'any' in stored ? stored.any : stored.all
  const conditions = written.map(readCondition).filter(condition => condition !== undefined)
  if (conditions.length < written.length) return undefined
  return 'any' in stored ? { any: conditions } : { all: conditions }
}

function readCondition(
  stored: Extract<StoredShape['appliesTo'], { any: unknown }>['any'][number],
): Condition | undefined {
  if ('integration' in stored) return { integration: stored.integration as IntegrationId }
  if (!('scope' in stored)) return stored
  const parsed = parseScope(stored.scope)
  return parsed.ok ? { scope: parsed.scope } : undefined
}

/** A text where the expression cannot be read. */
function readWho(stored: StoredShape['who']): Who | string {
  if ('everyone' in stored) return stored
  if ('onRequest' in stored) return { when: nobody }
  const parsed = parseExpression(stored.when)
  return parsed.ok ? { when: parsed.expression } : (parsed.errors[0]?.message ?? 'its expression cannot be read')
}
