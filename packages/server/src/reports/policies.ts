/** Where policies and data sources miss each other: data sources that none lets anybody into, policies that let in nobody. */
import { intersection, type Policy, type PolicyId, printScope } from '@headgate/core'
import { listIntegrations } from '../db/integration.ts'
import { isReserved } from '../directory/reserved-names.ts'
import type { Current } from '../live-index/live-index.ts'
import { pageOf, type Report } from './report.ts'

type Index = Current['index']

export const dataSourcesWithoutPolicy: Report<'data-sources-without-policy'> = async (
  { db, index: live },
  question,
) => {
  const integrations = new Map((await listIntegrations(db.kysely)).map(({ id, name }) => [id, name]))
  const { index } = await live.fresh()
  const { bindings, members, now } = index
  const bare = [...bindings.sources.values()]
    // Asked of those alone that the binding does not show to have one: disabled ones have no binding.
    .filter(({ binding, row }) =>
      binding
        ? binding.grants.length + binding.offers.length === 0
        : bindings.policiesOn(row).every(({ kind }) => kind === 'guardrail'),
    )
  return pageOf(
    bare,
    question,
    ({ id }) => [id],
    source => {
      const { id, row } = source
      const alive = members.of(id).filter(({ until }) => until === undefined || until > now)
      return {
        dataSourceId: id,
        dataSource: row.name,
        scope: printScope(row.scope),
        integration: integrations.get(row.integration) ?? '',
        disabled: row.disabled,
        guardrails: bindings.policiesOn(row).length,
        members: alive.length,
        people: index.standing(source).read.size,
      }
    },
  )
}

export const policiesLettingNobodyIn: Report<'policies-letting-nobody-in'> = async ({ index: live }, question) => {
  const { index } = await live.fresh()
  const effects = effectsOf(index)
  const idle = [...index.bindings.policies.values()]
    // The marketplace's own stand ready from the first start.
    .filter(({ id, kind, name }) => kind === 'grant' && !isReserved(name) && !effects.get(id)?.letsIn)
  return pageOf(
    idle,
    question,
    ({ id }) => [id],
    policy => {
      const effect = effects.get(policy.id) ?? noEffect
      const { id, name, version, level } = policy
      return {
        policyId: id,
        policy: name,
        version,
        level,
        dataSources: effect.dataSources,
        why: whyIdle(policy, effect),
      }
    },
  )
}

interface Effect {
  dataSources: number
  /** Somebody qualifies (and has subscribed, where that is needed). */
  qualifies: boolean
  /** Somebody has access by it. */
  letsIn: boolean
}

const noEffect: Effect = { dataSources: 0, qualifies: false, letsIn: false }

/** Of grant policies that apply to any data source that is not disabled. */
function effectsOf(index: Index): Map<PolicyId, Effect> {
  const effects = new Map<PolicyId, Effect>()
  function effectOf(id: PolicyId): Effect {
    const known = effects.get(id) ?? { ...noEffect }
    effects.set(id, known)
    return known
  }
  function note({ reasons, read }: ReturnType<Index['standing']>): void {
    for (const { reason, people } of reasons) {
      if (reason.kind !== 'policy' || people.size === 0) continue
      const effect = effectOf(reason.id)
      effect.qualifies = true
      effect.letsIn ||= intersection(people, read).size > 0
    }
  }
  const bindings = new Set([...index.bindings.sources.values()].flatMap(({ binding }) => binding ?? []))
  for (const binding of bindings) {
    for (const { policy } of [...binding.grants, ...binding.offers]) {
      effectOf(policy.id).dataSources += binding.sources.size
    }
    note(index.policyStanding(binding))
    // Who has subscribed is each data source's own.
    if (binding.offers.length > 0) {
      for (const source of binding.sources) if (index.standsAlone(source)) note(index.standing(source))
    }
  }
  return effects
}

function whyIdle({ subscribe }: Policy, { dataSources, qualifies }: Effect): string {
  if (dataSources === 0) return 'it applies to no data source'
  if (qualifies) return 'guardrails keep out everybody who qualifies'
  return subscribe === 'manual' ? 'nobody who qualifies has subscribed' : 'nobody qualifies'
}
