/**
 * The behaviours in `cases/`: what is given, and what has to come out at each step of the line.
 *
 * Rows go by name; ids are places in the list, from 1. What a case doesn't mention of `expect` is not looked at; that
 * explain agrees with what is derived, for everybody and everywhere, is looked at in every case.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse } from 'yaml'
import {
  type AppliesTo,
  type DataProductId,
  type DataSource,
  type DataSourceId,
  type DesiredGrants,
  deriveEntitlements,
  desiredGrants,
  type EntitlementIndex,
  type Explanation,
  entitlementIndex,
  explain,
  explainPath,
  type Facts,
  type Fix,
  type Grantee,
  type GroupId,
  type IntegrationId,
  type LedgerRow,
  type LedgerState,
  type Level,
  ownerOfPrincipal,
  type Plan,
  type Policy,
  type PolicyId,
  type PrincipalKind,
  parseExpression,
  planChanges,
  printScope,
  type Reach,
  type Reason,
  type UserId,
  withOverlap,
} from '../src/index.ts'
import { changesFor } from './fixes.ts'
import { scopeOf, standingPolicies } from './worlds.ts'

interface GivenPolicy {
  readonly kind?: 'grant' | 'guardrail'
  readonly level?: Level
  /** Default: everything. */
  readonly to?: Record<string, unknown>
  /** The domain or data source that its authority is confined to. */
  readonly of?: { readonly domain: string } | { readonly source: string }
  readonly when?: string
  readonly subscribe?: Policy['subscribe']
  readonly discoverable?: boolean
  /** Lets nobody in: people may ask. */
  readonly opens?: true
}

interface GivenRow {
  readonly user: string
  readonly source: string
  readonly permission: 'READ' | 'READWRITE'
  readonly state: LedgerState
  readonly grantee?: string
  readonly attempts?: number
  readonly nextTryAt?: number
  readonly activeAt?: number
}

interface Given {
  readonly now?: number
  readonly integrations?: Record<
    string,
    { account?: string; location?: string; subsumeEqual?: boolean; vendsTo?: string[] }
  >
  readonly users: readonly string[]
  readonly disabled?: readonly string[]
  readonly groups?: Record<string, readonly string[]>
  readonly attributes?: readonly (readonly [subject: string, key: string, value: string])[]
  readonly principals?: readonly { user: string; kind?: PrincipalKind; is: string; in?: string; isAnother?: true }[]
  /** The tags of each. */
  readonly domains?: Record<string, readonly string[]>
  readonly sources: Record<
    string,
    { scope: string; tags?: string[]; domains?: string[]; in?: string; disabled?: boolean }
  >
  readonly policies?: Record<string, GivenPolicy>
  readonly selections?: readonly { policy: string; source: string }[]
  readonly subscriptions?: readonly { source: string; who: string; level?: Level }[]
  readonly members?: readonly { source: string; who: string; level?: Level; until?: number }[]
  readonly products?: Record<string, { sources: readonly string[]; levels?: readonly Level[] }>
  readonly memberships?: readonly { who: string; product: string; level?: Level; until?: number }[]
  readonly ledger?: readonly GivenRow[]
  /** Questions about paths: by a user, or by an AWS principal. */
  readonly asked?: readonly ({ path: string } & ({ user: string } | { principal: string }))[]
  readonly observed?: readonly { id: string; grantee: string; scope: string; permission: 'READ' | 'READWRITE' }[]
}

interface Case {
  readonly name: string
  readonly given: Given
  readonly expect: Record<string, unknown>
}

const folder = new URL('../cases/', import.meta.url)
const cases = readdirSync(folder).filter(file => file.endsWith('.yaml'))

test('there are cases', () => assert.ok(cases.length >= 60))

for (const file of cases) {
  const { name, given, expect } = parse(readFileSync(new URL(file, folder), 'utf8')) as Case
  test(name, () => {
    const outcome = outcomeOf(given)
    const looked = Object.fromEntries(Object.keys(expect).map(key => [key, outcome[key]]))
    assert.deepEqual(looked, expect, file)
    explainAgrees(given)
  })
}

/** Its verdict and reasons are those derived, its rules say the same, and each fix that it names is one. */
function explainAgrees(given: Given): void {
  const facts = factsOf(given, namesOf(given))
  const now = given.now ?? 0
  const index = entitlementIndex(facts, now)
  const entitlements = deriveEntitlements(facts, now)
  const accesses = withOverlap(entitlements, facts)
  for (const { id: user, userid } of facts.users) {
    for (const { id: dataSource, name } of facts.dataSources) {
      const where = `explain ${userid} ${name}`
      const isThis = (one: { user: UserId; dataSource: DataSourceId }) =>
        one.user === user && one.dataSource === dataSource
      const [entitlement, access] = [entitlements.find(isThis), accesses.find(isThis)]
      const said = explain(index, { user, dataSource })
      assert.equal(said.entitled, entitlement?.level, where)
      assert.equal(said.verdict, access?.level ?? 'none', where)
      assert.deepEqual(said.because, access?.because ?? [], where)

      const letIn = [...said.grants, ...said.members].filter(({ holds }) => holds)
      if (entitlement) {
        const reasons = entitlement.because.map(({ id, level }) => `${id} ${level}`)
        const shown = letIn.flatMap(one => membershipsIn(one).map(id => `${id} ${one.level}`))
        assert.deepEqual(shown.sort(), reasons.sort(), where)
        assert.ok(
          said.guardrails.every(({ level, holds }) => level === 'WRITE' || holds),
          where,
        )
      } else {
        const isBarred =
          said.obstacles.length > 0 || said.guardrails.some(({ level, holds }) => level === 'READ' && !holds)
        assert.ok(letIn.length === 0 || isBarred, where)
      }
      for (const fix of said.fixes) {
        const undo = changesFor(fix, facts, user, dataSource).map(change => {
          const inverse = index.inverseOf(change)
          index.applyChange(change)
          return inverse
        })
        assert.equal(explain(index, { user, dataSource }).entitled, fix.gives, `${where}, ${fixText(fix)}`)
        for (const change of undo.reverse()) index.applyChange(change)
      }
    }
  }
}

/** What lets in by a standing policy are the memberships that it found; all else itself. */
function membershipsIn(one: Explanation['grants'][number] | Explanation['members'][number]): readonly number[] {
  const facts = 'tree' in one && one.tree?.kind === 'call' ? one.tree.facts : []
  const found = facts.flatMap(fact => ('attribute' in fact && fact.membership ? [fact.membership.id] : []))
  return found.length > 0 ? found : [one.id]
}

function outcomeOf(given: Given): Record<string, unknown> {
  const names = namesOf(given)
  const facts = factsOf(given, names)
  const now = given.now ?? 0
  const entitlements = deriveEntitlements(facts, now)
  const index = entitlementIndex(facts, now)
  const because = (reasons: readonly Reason[]) => reasons.map(reason => reasonText(reason, names)).join(', ')
  const label = (one: { user: UserId; dataSource: DataSourceId }) =>
    `${names.user(one.user)} ${names.source(one.dataSource)}`

  const desired = facts.integrations.map(({ id }) => desiredGrants(entitlements, facts, id))
  const all: DesiredGrants = {
    grants: desired.flatMap(one => one.grants),
    unmapped: desired.flatMap(one => one.unmapped),
    subsumed: desired.flatMap(one => one.subsumed),
  }
  const plan = planChanges(desired[0]!, ledgerOf(given, facts, names), now, observedOf(given))
  return {
    entitlements: entitlements.map(one => `${label(one)} ${one.level}: ${because(one.because)}`),
    access: withOverlap(entitlements, facts).map(one => `${label(one)} ${one.level}: ${because(one.because)}`),
    explain: facts.users.flatMap(({ id: user }) =>
      facts.dataSources.map(({ id: dataSource }) => {
        const said = explain(index, { user, dataSource })
        const obstacles = said.obstacles.map(obstacle => `, ${obstacle}`).join('')
        const offered = said.grants.filter(one => one.subscribed === false && (one.tree?.holds ?? true))
        const open = offered.map(one => `, has not subscribed to ${one.name}`).join('')
        const failed = said.guardrails.filter(({ holds }) => !holds)
        const barred = failed
          .map(one => `, fails ${one.name}${one.via ? ` via ${names.source(one.via)}` : ''}`)
          .join('')
        const fixes = said.fixes.map(fix => `, ${fixText(fix)}`).join('')
        return `${label({ user, dataSource })} ${said.verdict}${obstacles}${open}${barred}${fixes}`
      }),
    ),
    discoverable: index.discoverable().map(names.source),
    // The same for everybody; of one asked through two integrations, once.
    guardrails: facts.dataSources.flatMap(({ id: dataSource, name }) =>
      explain(index, { user: facts.users[0]!.id, dataSource })
        .guardrails.filter(({ through }) => through === undefined)
        .map(({ name: policy, via }) => `${name}: ${policy}${via ? ` via ${names.source(via)}` : ''}`),
    ),
    grants: all.grants.map(
      one => `${label(one)} ${one.permission} ${one.grantee.type} ${one.grantee.identifier} ${one.subPrefix}`,
    ),
    unmapped: all.unmapped.map(({ entitlement, why }) => `${label(entitlement)} ${why}`),
    subsumed: all.subsumed.map(
      ({ grant, by }) => `${label(grant)} ${grant.permission} by ${label(by)} ${by.permission}`,
    ),
    plan: planText(plan, label),
    paths: (given.asked ?? []).map(question => pathText(question, given, index, ledgerOf(given, facts, names), names)),
  }
}

function pathText(
  question: NonNullable<Given['asked']>[number],
  given: Given,
  index: EntitlementIndex,
  ledger: readonly LedgerRow[],
  names: Names,
): string {
  const path = scopeOf(question.path)
  const asks = 'principal' in question ? question.principal : question.user
  const owner = 'principal' in question ? ownerOfPrincipal(index, { identifier: asks }) : undefined
  if ('principal' in question && !owner) return `${asks}: nobody's`
  const user = owner?.user ?? names.userId(asks)
  const grants = ledger
    .filter(row => row.state === 'active' && row.user === user)
    .map(row => ({ ...row, grantee: row.grantee.identifier }))
  const said = explainPath(index, { user, path, ...(owner ? { principal: owner.identifier } : {}) }, grants)
  const matched = [said.reading, said.writing].flatMap((one, at) =>
    one ? [`, ${at === 0 ? 'reads' : 'writes'} by ${printScope(one.scope)}`] : [],
  )
  const covering = said.dataSources.map(names.source).join(' ')
  return `${given.users[user - 1]} ${printScope(path)} ${said.layer}${matched.join('')}; covered by ${covering || 'none'}`
}

function planText(plan: Plan<LedgerRow>, label: (one: { user: UserId; dataSource: DataSourceId }) => string) {
  const row = ({ id }: LedgerRow) => `#${id}`
  const grant = (one: DesiredGrants['grants'][number]) => `${label(one)} ${one.permission}`
  const lists = {
    revoke: plan.revoke.map(row),
    create: plan.create.map(one => `${grant(one.grant)}${one.row ? ` ${row(one.row)}` : ''}`),
    drop: plan.drop.map(row),
    keep: plan.keep.map(row),
    wait: plan.wait.map(({ row: waiting, grant: wanted, why, until }) => {
      const what = waiting ? row(waiting) : grant(wanted!)
      return `${what} ${why}${until === undefined ? '' : ` until ${until}`}`
    }),
    leave: plan.leave.map(({ awsGrantId }) => awsGrantId),
    refuse: plan.refuse.map(one => `${grant(one.grant)} ${one.why}`),
  }
  const said = Object.entries(lists).filter(([, list]) => list.length > 0)
  return { ...Object.fromEntries(said), ...(plan.next === undefined ? {} : { next: plan.next }) }
}

function fixText(fix: Fix): string {
  switch (fix.fix) {
    case 'giveAttribute':
    case 'takeAttribute':
      return `${fix.fix} ${fix.key}${fix.value === undefined ? '' : `=${fix.value}`}: ${fix.gives}`
    case 'joinGroup':
    case 'leaveGroup':
      return `${fix.fix} ${fix.group}: ${fix.gives}`
    case 'map':
      return `map ${fix.principal}: ${fix.gives}`
    case 'subscribe':
      return `subscribe ${fix.level}: ${fix.gives}`
    case 'requestProduct':
      return `request ${fix.product} ${fix.level}: ${fix.gives}`
    case 'request':
      return `ask for ${fix.level}: ${fix.gives}`
    case 'addMember':
      return `add as ${fix.level} member: ${fix.gives}`
  }
}

type Names = ReturnType<typeof namesOf>

function namesOf(given: Given) {
  const [sources, groups] = [given.sources, given.groups ?? {}].map(Object.keys)
  const policies = [...Object.keys(given.policies ?? {}), ...standingPolicies.map(({ name }) => name)]
  const integrations = Object.keys(given.integrations ?? { main: {} })
  function place<Id extends number>(list: readonly string[], name: string): Id {
    assert.ok(list.includes(name), `${name} is given`)
    return (list.indexOf(name) + 1) as Id
  }
  return {
    integrations,
    user: (id: UserId) => given.users[id - 1],
    source: (id: DataSourceId) => sources![id - 1],
    group: (id: GroupId) => groups![id - 1],
    policy: (id: PolicyId) => policies[id - 1],
    userId: (name: string) => place<UserId>(given.users, name),
    sourceId: (name: string) => place<DataSourceId>(sources!, name),
    policyId: (name: string) => place<PolicyId>(policies, name),
    integrationId: (name: string) => place<IntegrationId>(integrations, name),
    subject: (name: string) =>
      groups!.includes(name) ? { group: place<GroupId>(groups!, name) } : { user: place<UserId>(given.users, name) },
  }
}

function factsOf(given: Given, names: Names): Facts {
  return {
    integrations: names.integrations.map(name => {
      const {
        account = '111111111111',
        location = 's3://',
        subsumeEqual = true,
        vendsTo,
      } = given.integrations?.[name] ?? {}
      return {
        id: names.integrationId(name),
        accountId: account,
        region: 'eu-west-1',
        locationPath: location,
        subsumeEqual,
        ...(vendsTo ? { vendsTo } : {}),
      }
    }),
    users: given.users.map(userid => ({
      id: names.userId(userid),
      userid,
      disabled: given.disabled?.includes(userid) ?? false,
    })),
    groups: Object.entries(given.groups ?? {}).map(([name, users], at) => ({
      id: (at + 1) as GroupId,
      name,
      users: users.map(names.userId),
    })),
    attributes: (given.attributes ?? []).map(([subject, key, value]) => ({
      subject: names.subject(subject),
      key,
      value,
    })),
    principals: (
      given.principals ??
      given.users.map(user => ({ user, is: `role/${user}`, kind: undefined, in: undefined, isAnother: undefined }))
    ).map(one => ({
      user: names.userId(one.user),
      kind: one.kind ?? 'iamRole',
      identifier: one.is,
      ...(one.in ? { integration: names.integrationId(one.in) } : {}),
      ...(one.isAnother ? { isAnother: true } : {}),
    })),
    dataSources: Object.entries(given.sources).map(
      ([
        name,
        { scope, tags = [], domains = [], in: integration = names.integrations[0]!, disabled = false },
      ]): DataSource => ({
        id: names.sourceId(name),
        name,
        integration: names.integrationId(integration),
        scope: scopeOf(scope),
        tags,
        domains,
        disabled,
      }),
    ),
    domains: Object.entries(given.domains ?? {}).map(([name, tags]) => ({ name, tags })),
    policies: [
      ...Object.entries(given.policies ?? {}).map(([name, policy], at) => policyOf(name, policy, at + 1, names)),
      ...standingPolicies.map(policy => ({ ...policy, id: names.policyId(policy.name) })),
    ],
    dataProducts: Object.entries(given.products ?? {}).map(([name, { sources, levels = ['READ' as const] }]) => ({
      id: name as DataProductId,
      dataSources: sources.map(names.sourceId),
      levels,
    })),
    memberships: (given.memberships ?? []).map(({ who, product, level = 'READ', until }, at) => ({
      id: (at + 1) as Facts['memberships'][number]['id'],
      user: names.userId(who),
      product: product as DataProductId,
      level,
      ...(until === undefined ? {} : { until }),
    })),
    selections: (given.selections ?? []).map(({ policy, source }) => ({
      policy: names.policyId(policy),
      dataSource: names.sourceId(source),
    })),
    subscriptions: (given.subscriptions ?? []).map(({ source, who, level = 'READ' }) => ({
      user: names.userId(who),
      dataSource: names.sourceId(source),
      level,
    })),
    members: (given.members ?? []).map(({ source, who, level = 'READ', until }, at) => ({
      id: (at + 1) as Facts['members'][number]['id'],
      dataSource: names.sourceId(source),
      subject: names.subject(who),
      level,
      ...(until === undefined ? {} : { until }),
    })),
  }
}

function policyOf(name: string, given: GivenPolicy, id: number, names: Names): Policy {
  const { kind = 'grant', level = 'READ', to, of, when, subscribe = 'automatic', discoverable = false } = given
  const reach: Reach = !of ? 'global' : 'domain' in of ? of : { dataSource: names.sourceId(of.source) }
  const appliesTo = (to ?? { everything: true }) as unknown as AppliesTo
  const row = { id: id as PolicyId, version: 1, name, kind, level, reach, appliesTo, subscribe, discoverable }
  if (given.opens) return { ...row, who: { when: { kind: 'call', name: 'isUser', args: [] } }, opensRequests: true }
  const who = when === undefined ? { everyone: true as const } : { when: expressionOf(when) }
  return { ...row, who }
}

function ledgerOf(given: Given, facts: Facts, names: Names): LedgerRow[] {
  return (given.ledger ?? []).map(({ user, source, permission, state, grantee = `role/${user}`, ...rest }, at) => {
    const dataSource = names.sourceId(source)
    const hasGrant = state === 'active' || state === 'revoking' || state === 'revokeFailed'
    return {
      id: at + 1,
      user: names.userId(user),
      dataSource,
      grantee: granteeOf(grantee),
      scope: facts.dataSources.find(({ id }) => id === dataSource)!.scope,
      permission,
      state,
      attempts: 0,
      ...(hasGrant ? { awsGrantId: `aws-${at + 1}` } : {}),
      ...rest,
    }
  })
}

function observedOf({ observed = [] }: Given) {
  return observed.map(({ id, grantee, scope, permission }) => ({
    awsGrantId: id,
    grantee: granteeOf(grantee),
    scope: scopeOf(scope),
    permission,
  }))
}

function granteeOf(identifier: string): Grantee {
  return { type: 'IAM', identifier }
}

function expressionOf(text: string) {
  const parsed = parseExpression(text)
  assert.ok(parsed.ok, text)
  return parsed.expression
}

function reasonText(reason: Reason, names: Names): string {
  if (reason.kind === 'policy') return `policy ${names.policy(reason.id)} ${reason.level}`
  const until = reason.until === undefined ? '' : ` until ${reason.until}`
  if (reason.kind === 'overlap') return `overlap ${names.source(reason.via.dataSource)} ${reason.level}${until}`
  if (reason.kind === 'membership') return `membership ${reason.id} ${reason.level}${until} of ${reason.via.product}`
  const via = reason.via ? ` via ${names.group(reason.via.group)}` : ''
  return `member ${reason.id} ${reason.level}${until}${via}`
}
