/** Policies and their versions as the API answers them. */
import type { Vocabulary } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { PolicyRow } from '../db/policy.ts'
import type { PolicyVersionRow } from '../db/policy-version.ts'
import type { PolicyDefinition } from '../db/schema.ts'
import { warningsOf } from './warn.ts'

type Shown = z.input<typeof api.policies.get.response>
type ShownVersion = z.input<typeof api.policies.version.response>

export function presentPolicy(row: PolicyRow, vocabulary: Vocabulary): Shown {
  const { id, version, name, definition, state } = row
  return {
    id,
    version,
    name,
    ...definition,
    appliesTo: copyOf(definition.appliesTo),
    ...presentReach(row),
    state,
    protected: row.protected,
    // What a standing policy names is there for nobody else.
    warnings: row.protected ? [] : warningsOf(definition, vocabulary),
    createdAt: printTime(row.created_at),
    createdBy: row.creator ?? 'headgate',
    updatedAt: printTime(row.updated_at),
  }
}

export function presentVersion(row: PolicyVersionRow): ShownVersion {
  const { policy_id, version, name, definition, state, change, from_policy, from_version } = row
  return {
    policyId: policy_id,
    version,
    name,
    ...definition,
    appliesTo: copyOf(definition.appliesTo),
    ...presentReach(row),
    state,
    change,
    ...(from_policy === null || from_version === null
      ? {}
      : { from: { policyId: from_policy, version: from_version } }),
    createdAt: printTime(row.created_at),
    createdBy: row.creator ?? 'headgate',
  }
}

function presentReach({ domain, data_source_id: id, source }: PolicyRow | PolicyVersionRow) {
  if (id !== null) return { dataSource: { id, name: source ?? '' } }
  return domain === null ? {} : { domain }
}

/** The same, as the contract's types want it: lists that could be changed. */
export function copyOf(appliesTo: PolicyDefinition['appliesTo']): Shown['appliesTo'] {
  if ('everything' in appliesTo || 'selected' in appliesTo) return appliesTo
  return 'any' in appliesTo ? { any: [...appliesTo.any] } : { all: [...appliesTo.all] }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
