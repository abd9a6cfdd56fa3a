/** Rows of access as the API answers them: ids become names, reasons tell who made them. */
import {
  type Access,
  type DataSource,
  type DesiredGrant,
  type EntitlementIndex,
  type Instant,
  type OwnReason,
  printScope,
  type Reason,
} from '@headgate/core'
import type { AccessRow } from '@headgate/core/api'
import type { Tx } from '../db/act.ts'
import { liveGrants } from '../db/grant-list.ts'
import { listIntegrations } from '../db/integration.ts'
import { memberReasons } from '../db/member.ts'
import type { NamedPerson } from '../db/person-name.ts'
import { policyAuthors } from '../db/policy.ts'
import { authorsSince, type Through } from '../db/product-author.ts'
import { productNames } from '../db/tagged-source.ts'
import { ledgerKey, provisioningOf } from './provisioning.ts'
import type { Reached } from './reach.ts'

/** @param people everybody in `reached`, by id */
export async function presentAccess(
  tx: Tx,
  names: Names,
  reached: readonly Reached[],
  people: ReadonlyMap<number, NamedPerson>,
): Promise<AccessRow[]> {
  const makers = await loadMakers(tx, reached)
  const wanted = reached.flatMap(({ standing }) => grantsBehind(standing))
  const live = await liveGrants(
    tx,
    wanted.map(grant => grant.user),
    wanted.map(grant => grant.dataSource),
  )
  const ledger = new Map(live.map(row => [ledgerKey(row), row]))
  const integrations = new Map(
    (await listIntegrations(tx)).map(({ id, name, status, mode }) => [id, { name, status, mode }]),
  )
  return reached.flatMap(({ access, standing, roots }) => {
    const dataSource = names.dataSources.get(access.dataSource)
    const user = people.get(access.user)
    const integration = dataSource && integrations.get(dataSource.integration as number)
    if (!dataSource || !user || !integration) return []
    const nameOf = (id: number) => names.dataSources.get(id)?.name ?? String(id)
    const until = endOf(access.because, access.level)
    const provisioning = provisioningOf(standing, { ledger, nameOf, integration })
    return [
      {
        user,
        dataSource: { id: dataSource.id, name: dataSource.name, scope: printScope(dataSource.scope) },
        // What the brake has not let go is there.
        level: provisioning.status === 'held' ? 'WRITE' : access.level,
        because: access.because.map(reason => presentReason(reason, names, makers)),
        ...(until === undefined ? {} : { until: printTime(until) }),
        selfGiven: roots.every(root => makers.madeOnlyBy(root, access)),
        provisioning,
      },
    ]
  })
}

/** The things that accesses speak of, as they were when the accesses were read: the index goes on. */
export interface Names {
  readonly dataSources: ReadonlyMap<number, DataSource>
  readonly groups: ReadonlyMap<number, string>
  readonly policies: ReadonlyMap<number, string>
}

export function namesIn({ bindings, facts }: EntitlementIndex, reached: readonly Reached[]): Names {
  const dataSources = new Map<number, DataSource>()
  const groups = new Map<number, string>()
  const policies = new Map<number, string>()
  function note(id: DataSource['id']): void {
    const source = bindings.sources.get(id)
    if (source) dataSources.set(id, source.row)
  }
  for (const { access, standing } of reached) {
    note(access.dataSource)
    for (const { dataSource } of grantsBehind(standing)) note(dataSource)
    if (standing.is === 'via') note(standing.by)
    for (const reason of access.because) {
      if (reason.kind === 'policy') policies.set(reason.id, bindings.policies.get(reason.id)?.name ?? '')
      else if (reason.kind === 'overlap') note(reason.id)
      else if (reason.kind === 'member' && reason.via)
        groups.set(reason.via.group, facts.group(reason.via.group).name ?? '')
    }
  }
  return { dataSources, groups, policies }
}

interface Makers {
  readonly reasonOf: (member: number) => string
  readonly productName: (id: string) => string
  /** By the person whom it lets in. */
  readonly madeOnlyBy: (reason: OwnReason, access: Access) => boolean
}

async function loadMakers(tx: Tx, reached: readonly Reached[]): Promise<Makers> {
  const roots = reached.flatMap(one => one.roots)
  const idsOf = (kind: OwnReason['kind']) => [...new Set(roots.filter(one => one.kind === kind).map(({ id }) => id))]
  const members = await memberReasons(tx, idsOf('member'))
  const policies = await policyAuthors(tx, idsOf('policy'))
  const sinceJoining = await authorsSince(tx, throughMemberships(reached))
  return {
    reasonOf: member => members.get(member)?.reason ?? '',
    productName: await productNamesIn(tx, reached),
    madeOnlyBy(reason, access) {
      const authors = authorsOf(reason, access)
      return authors.length > 0 && authors.every(author => author === access.user)
    },
  }

  function authorsOf({ kind, id }: OwnReason, access: Access): readonly (number | null | undefined)[] {
    if (kind === 'member') return [members.get(id)?.addedBy]
    if (kind === 'policy') return policies.get(id) ?? []
    // Nobody decides on their own request (06); but a member who manages the product can put more into it.
    return openedBy(access)
      .map(dataSource => sinceJoining({ membership: id, dataSource }))
      .filter(author => author !== undefined)
  }
}

function throughMemberships(reached: readonly Reached[]): Through[] {
  return reached.flatMap(({ access, roots }) =>
    roots.flatMap(({ kind, id }) =>
      kind === 'membership' ? openedBy(access).map(dataSource => ({ membership: id, dataSource })) : [],
    ),
  )
}

/** It, and those that cover it. */
function openedBy({ dataSource, because }: Access): number[] {
  return [dataSource, ...because.flatMap(reason => (reason.kind === 'overlap' ? [reason.id] : []))]
}

/** Of the products through which these were reached; of any other its id. */
export async function productNamesIn(tx: Tx, reached: readonly Reached[]): Promise<Makers['productName']> {
  const reasons = reached.flatMap(({ access, roots }) => [...access.because, ...roots])
  const ids = reasons.flatMap(reason => (reason.kind === 'membership' ? [reason.via.product] : []))
  const names = await productNames(tx, [...new Set(ids)])
  return id => names.get(id) ?? id
}

export function presentReason(
  reason: Reason,
  names: Names,
  { reasonOf, productName }: Pick<Makers, 'reasonOf' | 'productName'>,
): AccessRow['because'][number] {
  const { kind, id, level } = reason
  if (kind === 'policy') return { kind, id, name: names.policies.get(id) ?? '', version: reason.version, level }
  const end = reason.until === undefined ? {} : { until: printTime(reason.until) }
  if (kind === 'overlap') {
    const name = names.dataSources.get(id)?.name ?? ''
    return { kind, id, name, level, ...end, via: { kind: 'dataSource', id, name } }
  }
  if (kind === 'membership') {
    const { product } = reason.via
    const name = productName(product)
    return { kind, id, name, level, ...end, product: { id: product, name } }
  }
  const group = reason.via?.group
  const via =
    group === undefined ? {} : { via: { kind: 'group' as const, id: group, name: names.groups.get(group) ?? '' } }
  return { kind, id, name: reasonOf(id), level, ...end, ...via }
}

/** When this level ends: with the last of the reasons that give it, when each of them ends. */
export function endOf(because: readonly Reason[], level: AccessRow['level']): Instant | undefined {
  const ends = because
    .filter(reason => level === 'READ' || reason.level === 'WRITE')
    .map(reason => (reason.kind === 'policy' ? undefined : reason.until))
  return ends.every(end => end !== undefined) ? Math.max(...ends) : undefined
}

function grantsBehind(standing: Reached['standing']): DesiredGrant[] {
  if (standing.is === 'granted') return [standing.grant]
  return standing.is === 'covered' ? [standing.by] : []
}

function printTime(instant: Instant): string {
  return new Date(instant).toISOString()
}
