/** People: how many had access on each day, and who is entitled without AWS knowing who they are. */
import { type IntegrationId, numbersOf, type PeopleSet, unionOf } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { dataSourceNames } from '../db/data-source-name.ts'
import { currentMoment } from '../db/facts.ts'
import { findIntegration, listIntegrations } from '../db/integration.ts'
import { findPeople } from '../db/person-name.ts'
import { deciders, grantsByDay } from '../db/report.ts'
import type { Current } from '../live-index/live-index.ts'
import { pageOf, printTime, type Report } from './report.ts'

/** Without a beginning: the last 30 days. */
const defaultDays = 30
const mostDays = 3660
const dayMs = 86_400_000

export const peopleOverTime: Report<'people-over-time'> = async ({ db }, question) => {
  const { dataSource, integration, ...asked } = question.asked
  const days = await db.snapshot(async tx => {
    // What was deleted keeps its history, and whoever may ask reads all of that.
    if (dataSource !== undefined && !(await dataSourceNames(tx, [dataSource])).has(dataSource)) {
      throw new Problem('data-source-not-found', { id: dataSource })
    }
    if (integration !== undefined && !(await findIntegration(tx, integration))) {
      throw new Problem('integration-not-found', { id: integration })
    }
    const { now } = await currentMoment(tx)
    return grantsByDay(tx, spanOf(asked, now), { dataSource, integration })
  })
  return pageOf(
    days,
    question,
    ({ day }) => [day],
    ({ day, people, grants }) => ({ day, people, grants }),
  )
}

function spanOf({ from, to }: { readonly from?: string | undefined; readonly to?: string | undefined }, now: number) {
  const dayOf = (instant: number) => new Date(instant).toISOString().slice(0, 10)
  const last = to === undefined || to > dayOf(now) ? dayOf(now) : to
  const first = from ?? dayOf(Date.parse(last) - (defaultDays - 1) * dayMs)
  if (first > last) throw refused('query.from', 'must not lie after `to`')
  if (Date.parse(last) - Date.parse(first) > mostDays * dayMs)
    throw refused('query.from', 'may lie ten years back at most')
  return { from: first, to: last }
}

function refused(path: string, message: string): Problem {
  return new Problem('request-invalid', { reason: `\`${path}\` ${message}`, issues: [{ path, message }] })
}

export const decisionsBySteward: Report<'decisions-by-steward'> = async ({ db }, question) => {
  const { from, to } = question.asked
  return pageOf(
    await deciders(db.kysely, { from, to }),
    question,
    ({ userid, id }) => [userid, id],
    ({ id, userid, name, approved, denied, medianHours, last }) => ({
      userId: id,
      user: userid,
      name,
      approved,
      denied,
      medianHours,
      last: printTime(last),
    }),
  )
}

export const unmappedPeople: Report<'unmapped-people'> = async ({ db, index: live }, question) => {
  const names = new Map((await listIntegrations(db.kysely)).map(({ id, name }) => [id, name]))
  const { integration: only } = question.asked
  if (only !== undefined && !names.has(only)) throw new Problem('integration-not-found', { id: only })
  const { index } = await live.fresh()
  const entitled = entitledByIntegration(index)
  const found = [...entitled.keys()]
    .filter(id => only === undefined || id === only)
    .flatMap(integration => unmappedOf(index, integration, entitled.get(integration) as PeopleSet))
  const { rows, ...page } = pageOf<(typeof found)[number], 'unmapped-people'>(
    found,
    question,
    ({ user, integration }) => [integration, user],
    ({ user, integration, why }) => ({
      userId: user,
      user: index.facts.findPerson(user)?.user?.userid ?? '',
      name: '',
      integrationId: integration,
      integration: names.get(integration) ?? '',
      why,
    }),
  )
  const people = await findPeople(
    db.kysely,
    rows.map(({ userId }) => userId as number),
  )
  return { ...page, rows: rows.map(row => ({ ...row, name: people.get(row.userId as number)?.name ?? '' })) }
}

/** Everybody with an entitlement to a data source of each. */
function entitledByIntegration(index: Current['index']): Map<IntegrationId, PeopleSet> {
  const sets = new Map<IntegrationId, Set<PeopleSet>>()
  const { sources } = index.bindings
  const ofBinding = new Map<unknown, PeopleSet>()
  for (const source of sources.values()) {
    const { binding, row } = source
    if (!binding) continue
    // Most data sources share the few answers there are.
    const shared = ofBinding.get(binding) ?? index.policyStanding(binding).read
    ofBinding.set(binding, shared)
    const some = sets.get(row.integration) ?? new Set()
    sets.set(row.integration, some.add(index.standsAlone(source) ? index.standing(source).read : shared))
  }
  return new Map(Array.from(sets, ([integration, some]) => [integration, unionOf([...some])]))
}

function unmappedOf({ facts }: Current['index'], integration: IntegrationId, people: PeopleSet) {
  return numbersOf(people).flatMap(number => {
    const person = facts.personAt(number)
    const principal = facts.principalOf(person, integration)
    if (principal && !principal.isAnother) return []
    const why = principal
      ? `AWS has another principal under \`${principal.identifier}\` by now: confirm it or map another`
      : 'no AWS principal is known for them there'
    return [{ user: person.id, integration, why }]
  })
}
