/**
 * Why a person reaches a data source or a path, or why not: the formulas that decide, asked for their reasons.
 *
 * Oneself about what one may read or find, anybody about the sources one looks after; GOVERNANCE and AUDIT all. Of a
 * data source that one may only find, neither its scope nor what it covers is told.
 */
import {
  accessTo,
  type DataSourceId,
  dataSourcesCovering,
  type EntitlementIndex,
  type Explanation,
  explain,
  explainPath,
  type Fix,
  type FoundFact,
  type Instant,
  printScope,
  type UserId,
} from '@headgate/core'
import { type api, type Explained, type ExplainedRule, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { activeGrants } from '../db/grant-list.ts'
import type { NamedPerson } from '../db/person-name.ts'
import { loadProvenance, type Provenance, type Said } from '../db/provenance.ts'
import { takingRequests } from '../db/tagged-source.ts'
import type { Caller } from '../http/serve.ts'
import type { World } from '../world.ts'
import { presentPath } from './aws-answer.ts'
import { mayFind } from './offers.ts'
import { type Asked, notToBeAsked, personAsked } from './people.ts'
import { openToQuestions, type Place, scopeOfPath } from './places.ts'
import { namesIn, presentAccess } from './present.ts'
import { reached } from './reach.ts'
import { readsEverything } from './visibility.ts'

type Answer = z.input<typeof api.access.explain.response>
type Reads = Pick<World, 'db' | 'index'>

/** Throws Problem `user-not-found`, `principal-not-found`, `data-source-not-found`. */
export async function explainAccess(
  { db, index: live }: Reads,
  caller: Caller,
  question: Asked & Place,
): Promise<Answer> {
  const path = question.path === undefined ? undefined : scopeOfPath(question.path)
  const { index } = await live.fresh()
  return db.snapshot(async tx => {
    const { person, principal } = await personAsked(tx, index, question)
    const user = person.id as UserId
    const isOpen = await openToQuestions(tx, caller)
    const isMine = person.id === caller.id
    const mayRead = (id: DataSourceId) => isOpen(id) || (isMine && accessTo(index, user, id) !== undefined)
    // By name only: a path would tell where it lies.
    const mayAsk = (id: DataSourceId) => mayRead(id) || (isMine && !path && mayFind(index, user, id))
    const asked = path ? dataSourcesCovering(index, path) : [question.dataSource as DataSourceId]
    const known = asked.filter(id => index.bindings.sources.has(id) && mayAsk(id))
    if (!path && known.length === 0) throw new Problem('data-source-not-found', { id: question.dataSource })
    if (known.length === 0 && !isMine && !readsEverything(caller)) throw notToBeAsked(question)

    const grants = path ? await activeGrants(tx, user, path.bucket) : []
    // In one turn, so that the whole answer is about one state.
    const explained = known.map(id => {
      const explanation = explain(index, { user, dataSource: id })
      if (!mayRead(id))
        return { id, explanation: withoutPlaces(explanation), shown: foundOf(index, id), nameOf: String }
      return { id, explanation, shown: shownOf(index, id), nameOf: namesOfVia(index, explanation) }
    })
    const reaches = reached(
      index,
      known.flatMap(id => accessTo(index, user, id) ?? []),
    )
    const asking = principal === undefined ? { user } : { user, principal }
    const onPath = path && explainPath(index, { ...asking, path }, grants)
    const rows = await presentAccess(tx, namesIn(index, reaches), reaches, new Map([[person.id, person]]))
    const provenance = await provenanceFor(
      tx,
      person,
      explained.map(({ explanation }) => explanation),
    )
    const wanted = explained.flatMap(({ explanation: { fixes } }) => fixes.flatMap(productOf))
    const askable = await takingRequests(tx, [...new Set(wanted)])
    const isOpenNow = (fix: Fix) => productOf(fix).every(product => askable.has(product))
    const rowOf = new Map(rows.map(row => [row.dataSource.id, row]))
    return {
      user: person,
      dataSources: explained.map(({ id, explanation, shown, nameOf }) => {
        const row = rowOf.get(id)
        return {
          dataSource: shown,
          ...presentExplanation({ ...explanation, fixes: explanation.fixes.filter(isOpenNow) }, provenance, nameOf),
          because: row?.because ?? [],
          ...(row ? { selfGiven: row.selfGiven, provisioning: row.provisioning } : {}),
        }
      }),
      ...(onPath ? { aws: presentPath(onPath, readsEverything(caller) || known.length > 0) } : {}),
    }
  })
}

/** One that takes no requests any more, or not now, helps nobody. */
function productOf(fix: Fix): string[] {
  return fix.fix === 'requestProduct' ? [fix.product] : []
}

function shownOf({ bindings }: EntitlementIndex, id: DataSourceId): Explained['dataSource'] {
  const row = bindings.sources.get(id)?.row
  return { id, name: row?.name ?? String(id), scope: row ? printScope(row.scope) : '' }
}

function foundOf(index: EntitlementIndex, id: DataSourceId): Explained['dataSource'] {
  const { scope: _, ...found } = shownOf(index, id)
  return found
}

/** Which data sources bring guardrails along is about where they lie. */
function withoutPlaces(explanation: Explanation): Explanation {
  return { ...explanation, guardrails: explanation.guardrails.map(({ via: _, ...rest }) => rest) }
}

/** Of the data sources that bring guardrails along. */
function namesOfVia(index: EntitlementIndex, { guardrails }: Explanation): (id: DataSourceId) => string {
  const names = new Map(
    guardrails.flatMap(({ via }) => (via === undefined ? [] : [[via, shownOf(index, via).name] as const])),
  )
  return id => names.get(id) ?? String(id)
}

function provenanceFor(tx: Tx, { id }: NamedPerson, explanations: readonly Explanation[]): Promise<Provenance> {
  const policies = explanations.flatMap(({ grants, guardrails }) => [...grants, ...guardrails])
  const groups = policies.flatMap(({ tree }) => (tree ? groupsIn(tree) : []))
  const members = explanations.flatMap(one => one.members.map(member => member.id))
  return loadProvenance(tx, id, { groups: [...new Set(groups)], members: [...new Set(members)] })
}

type Tree = NonNullable<Explanation['grants'][number]['tree']>

function groupsIn(tree: Tree): number[] {
  if (tree.kind === 'not') return groupsIn(tree.term)
  if (tree.kind !== 'call') return tree.terms.flatMap(groupsIn)
  return tree.facts.flatMap(fact => ('attribute' in fact && fact.from ? [fact.from.id] : []))
}

function presentExplanation(
  { verdict, entitled, obstacles, grants, guardrails, members, fixes }: Explanation,
  provenance: Provenance,
  nameOf: (id: DataSourceId) => string,
): Omit<Explained, 'dataSource' | 'because' | 'provisioning'> {
  const policy = ({ tree, via, ...rest }: Explanation['grants'][number]) => ({
    ...rest,
    ...(via === undefined ? {} : { via: { id: via, name: nameOf(via) } }),
    ...(tree ? { rule: presentRule(tree, provenance) } : {}),
  })
  return {
    verdict,
    ...(entitled ? { entitled } : {}),
    obstacles: [...obstacles],
    grants: grants.map(policy),
    guardrails: guardrails.map(policy),
    members: members.map(({ until, ...rest }) => ({
      ...rest,
      ...sinceOf(provenance.ofMember(rest.id)),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    })),
    fixes: fixes.map(one => {
      if (one.fix !== 'map') return one
      const { integration, ...rest } = one
      return { ...rest, integrationId: String(integration) }
    }),
  }
}

function presentRule(tree: Tree, provenance: Provenance): ExplainedRule {
  if (tree.kind === 'not') return { ...tree, term: presentRule(tree.term, provenance) }
  if (tree.kind !== 'call') return { ...tree, terms: tree.terms.map(term => presentRule(term, provenance)) }
  return { ...tree, args: [...tree.args], facts: tree.facts.map(fact => presentFact(fact, provenance)) }
}

type PresentedFact = Extract<ExplainedRule, { kind: 'call' }>['facts'][number]

function presentFact(fact: FoundFact, provenance: Provenance): PresentedFact {
  if ('attribute' in fact) {
    const { from, membership, ...rest } = fact
    if (membership) {
      const { until, ...one } = membership
      const ends = until === undefined ? {} : { until: new Date(until).toISOString() }
      const since = provenance.ofMembership(one.id)
      const said = since === undefined ? [] : [{ source: 'marketplace', since }]
      return { ...rest, membership: { ...one, ...ends }, said: printSaid(said) }
    }
    const said = printSaid(provenance.ofAttribute(from?.id, fact.attribute, fact.value))
    return { ...rest, ...(from ? { from: { ...from, said: printSaid(provenance.ofGroup(from.name)) } } : {}), said }
  }
  if ('group' in fact) return { ...fact, said: printSaid(provenance.ofGroup(fact.group)) }
  if ('principal' in fact) return { ...fact, ...sinceOf(provenance.ofPrincipal(fact.principal, fact.identifier)) }
  return fact
}

function printSaid(said: readonly Said[]) {
  return said.map(({ source, since }) => ({ source, since: new Date(since).toISOString() }))
}

function sinceOf(since: Instant | undefined) {
  return since === undefined ? {} : { since: new Date(since).toISOString() }
}
