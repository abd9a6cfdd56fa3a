/**
 * After-images of changes as the facts that the line begins with. Pure.
 *
 * The counterpart of what the acts say of their changes, as `db/facts.ts` is of the tables: both are held against each
 * other by a test. What is not understood is an error: half a past would be a wrong answer.
 */
import {
  type Attribute,
  type DataProduct,
  type DataSource,
  type DataSourceId,
  type Domain,
  type GroupId,
  type Integration,
  type IntegrationId,
  type Member,
  type Membership,
  type PolicyId,
  type Principal,
  parseScope,
  type Reach,
  type Selection,
  type Subscription,
  type User,
  type UserId,
} from '@headgate/core'
import type { FactEntity } from '../db/act.ts'
import type { Belonging, FactBatch, Holders } from '../db/all-facts.ts'
import type { PastFact } from '../db/fact-history.ts'
import type { StoredPrincipal } from '../db/facts.ts'
import { readPolicy } from '../db/policy-facts.ts'

/** In batches; what is put together from several facts comes at the end. */
export async function* pastFacts(history: AsyncIterable<readonly PastFact[]>): AsyncGenerator<FactBatch> {
  const parts: Parts = { sources: new Map(), tags: new Map(), domains: new Map(), principals: [] }
  for await (const facts of history) yield batchOf(facts, parts)
  yield { principals: effective(parts.principals), dataSources: whole(parts) }
}

/** What is said apart and belongs together. */
interface Parts {
  readonly sources: Map<number, SourceImage>
  readonly tags: Map<number, string[]>
  readonly domains: Map<number, string[]>
  readonly principals: PrincipalImage[]
}

interface SourceImage {
  readonly id: DataSourceId
  readonly name: string
  readonly integration: IntegrationId
  readonly scope: string
  readonly disabled: boolean
}

interface PrincipalImage extends Omit<Principal, 'integration'> {
  readonly id: number
  readonly integration: IntegrationId | null
  /** Absent in what was written before there were others than `local`. */
  readonly source?: string
}

interface PolicyImage {
  readonly id: number
  readonly version: number
  readonly name: string
  readonly reach?: Reach
  readonly protected?: true
}

type Value = Pick<Attribute, 'key' | 'value'>

function batchOf(facts: readonly PastFact[], { sources, tags, domains, principals }: Parts): FactBatch {
  const of = <Row>(entity: FactEntity) => (byEntity.get(entity) ?? []).map(({ after }) => after as Row)
  const byEntity = Map.groupBy(facts, ({ entity }) => known(entity))
  for (const row of of<SourceImage>('dataSource')) sources.set(row.id, row)
  for (const { dataSource, tag } of of<{ dataSource: number; tag: string }>('dataSourceTag')) {
    listOf(tags, dataSource).push(tag)
  }
  for (const { dataSource, domain } of of<{ dataSource: number; domain: string }>('dataSourceDomain')) {
    listOf(domains, dataSource).push(domain)
  }
  principals.push(...of<PrincipalImage>('principal'))
  const attributes = of<Value & ({ user: UserId } | { group: GroupId })>('attribute')
  return {
    users: of<User>('user'),
    groups: of<{ id: GroupId; name: string }>('group'),
    belonging: belonging(of('groupMember')),
    holders: holders(attributes.filter(row => 'user' in row)),
    groupAttributes: attributes.flatMap(row =>
      'group' in row ? [{ subject: { group: row.group }, key: row.key, value: row.value }] : [],
    ),
    integrations: of<Integration & { readonly status?: string }>('integration').map(({ status: _, ...row }) => row),
    domains: of<Domain>('domain').map(({ name, tags: of }) => ({ name, tags: [...of].sort() })),
    selections: of<Selection>('selection'),
    subscriptions: of<Subscription>('subscription'),
    members: of<Member>('member'),
    dataProducts: of<DataProduct>('dataProduct'),
    memberships: of<Membership>('membership'),
    ...policies(of('policy')),
  }
}

/** What each kind of change is read as; a new kind has to be given a reading. */
const readings: { readonly [Entity in FactEntity]: true } = {
  user: true,
  group: true,
  groupMember: true,
  attribute: true,
  principal: true,
  integration: true,
  dataSource: true,
  dataSourceTag: true,
  dataSourceDomain: true,
  domain: true,
  member: true,
  policy: true,
  selection: true,
  subscription: true,
  dataProduct: true,
  membership: true,
}

function known(entity: FactEntity): FactEntity {
  if (!(entity in readings)) throw new Error(`the history speaks of \`${entity}\`, which this release does not know`)
  return entity
}

function belonging(rows: readonly { readonly group: GroupId; readonly user: UserId }[]): Belonging[] {
  return Array.from(
    Map.groupBy(rows, ({ group }) => group),
    ([group, some]) => ({ group, users: some.map(({ user }) => user) }),
  )
}

function holders(rows: readonly (Value & { readonly user: UserId })[]): Holders[] {
  const byValue = Map.groupBy(rows, ({ key, value }) => JSON.stringify([key, value]))
  return Array.from(byValue.values(), some => {
    const { key, value } = some[0]!
    return { key, value, users: some.map(({ user }) => user) }
  })
}

function policies(rows: readonly PolicyImage[]): Required<Pick<FactBatch, 'policies' | 'unreadable'>> {
  const read = rows.map(row => {
    const { id, version, name, reach = 'global', protected: isProtected = false, ...definition } = row
    return { row, ...readPolicy({ id, version, name, definition, reach, protected: isProtected }) }
  })
  return {
    policies: read.flatMap(({ policy }) => policy ?? []),
    unreadable: read.flatMap(({ row, policy, message }) =>
      message === undefined ? [] : [{ id: row.id as PolicyId, name: row.name, kind: policy?.kind ?? 'grant', message }],
    ),
  }
}

/** Of what several sources said of one person and place, what counted: the local one, else the oldest. */
function effective(images: readonly PrincipalImage[]): StoredPrincipal[] {
  const inOrder = images.toSorted((a, b) => Number(isForeign(a)) - Number(isForeign(b)) || a.id - b.id)
  const byPlace = Map.groupBy(inOrder, ({ user, integration }) => `${user} ${integration ?? ''}`)
  return Array.from(byPlace.values(), ([first]) => {
    const { id, integration, source: _, ...one } = first!
    return { id, principal: integration === null ? one : { ...one, integration } }
  })
}

function isForeign({ source = 'local' }: PrincipalImage): boolean {
  return source !== 'local'
}

function whole({ sources, tags, domains }: Parts): DataSource[] {
  return Array.from(sources.values(), ({ id, name, integration, scope, disabled }) => {
    const parsed = parseScope(scope)
    if (!parsed.ok) throw new Error(`the history has the scope \`${scope}\`, which cannot be read: ${parsed.message}`)
    const of = (lists: Map<number, string[]>) => (lists.get(id) ?? []).sort()
    return { id, name, integration, scope: parsed.scope, tags: of(tags), domains: of(domains), disabled }
  })
}

function listOf(lists: Map<number, string[]>, id: number): string[] {
  const known = lists.get(id) ?? []
  lists.set(id, known)
  return known
}
