/**
 * The same question put to general engines, pair by pair: may this user READ this data source?
 *
 * Each gets the world as it likes it best: which policies apply, tags with their parents and inherited values are laid
 * out for it beforehand, and the guardrails of covered data sources are listed with the outer one.
 */

import { AbilityBuilder, createMongoAbility, type MongoAbility, subject } from '@casl/ability'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { type EntitlementIndex, type Expression, type Facts, type Policy, selfAndParents } from '@headgate/core'
import { newEnforcer, newModelFromString } from 'casbin'

export interface PeerUser {
  readonly userid: string
  readonly isDisabled: boolean
  readonly groups: readonly string[]
  readonly values: readonly string[]
  readonly keys: readonly string[]
  readonly teams: readonly string[]
  readonly kind: string
}

export interface PeerSource {
  readonly name: string
  readonly isDisabled: boolean
  readonly tags: readonly string[]
  readonly grants: readonly string[]
  readonly guards: readonly string[]
  readonly members: readonly string[]
}

export type Peer = (user: PeerUser, source: PeerSource) => boolean

export function peerWorld(index: EntitlementIndex, facts: Facts) {
  const users = facts.users.map(({ id, userid, disabled }): PeerUser => {
    const person = index.facts.person(id)
    const values = ['team', 'country', 'contractor', 'training', 'level'].flatMap(key =>
      index.facts.valuesOf(person, key).map(({ value }) => ({ key, value })),
    )
    return {
      userid,
      isDisabled: disabled,
      groups: person.groups.map(({ name }) => name ?? ''),
      values: values.map(({ key, value }) => `${key}=${value}`),
      keys: [...new Set(values.map(({ key }) => key))],
      teams: values.flatMap(({ key, value }) => (key === 'team' ? [value] : [])),
      kind: person.principals[0]?.kind ?? 'none',
    }
  })
  const sources = facts.dataSources.map(({ id, disabled, tags }): PeerSource => {
    const source = index.bindings.sources.get(id)!
    const kinds = (rows: readonly Policy[], kind: Policy['kind']) =>
      rows.flatMap(one => (one.kind === kind && (kind === 'grant' || one.level === 'READ') ? [String(one.id)] : []))
    const below = [source, ...(disabled ? [] : index.bindings.covered(source))]
    return {
      name: `source ${id}`,
      isDisabled: disabled,
      tags: [...new Set(tags.flatMap(selfAndParents))],
      grants: kinds(index.bindings.policiesOn(source.row), 'grant'),
      guards: [...new Set(below.flatMap(one => kinds(index.bindings.policiesOn(one.row), 'guardrail')))],
      members: index.members.of(id).map(({ subject: one }) => {
        if ('user' in one) return index.facts.person(one.user).user?.userid ?? ''
        return index.facts.group(one.group).name ?? ''
      }),
    }
  })
  return { users, sources }
}

// ── Cedar: policies parsed once; every question carries its two entities into WASM as JSON ──

export function cedarPeer(policies: readonly Policy[]): Peer {
  const texts = policies.flatMap(policy => {
    const list = policy.kind === 'grant' ? 'grants' : 'guards'
    const when = `resource.${list}.contains("${policy.id}")`
    if (policy.kind === 'guardrail' && policy.level === 'WRITE') return []
    const said = 'when' in policy.who ? cedarText(policy.who.when) : 'true'
    return policy.kind === 'grant'
      ? [`permit(principal, action, resource) when { ${when} && (${said}) };`]
      : [`forbid(principal, action, resource) when { ${when} && !(${said}) };`]
  })
  texts.push('permit(principal, action, resource) when { resource.members.containsAny(principal.names) };')
  texts.push('forbid(principal, action, resource) when { principal.isDisabled || resource.isDisabled };')
  const parsed = cedar.preparsePolicySet('bench', { staticPolicies: texts.join('\n') })
  if (parsed.type === 'failure') throw new Error(JSON.stringify(parsed.errors))
  return (user, source) => {
    const [principal, resource] = [
      { type: 'User', id: user.userid },
      { type: 'Source', id: source.name },
    ]
    const answer = cedar.statefulIsAuthorized({
      principal,
      action: { type: 'Action', id: 'READ' },
      resource,
      context: {},
      preparsedPolicySetId: 'bench',
      entities: [
        { uid: principal, attrs: { ...jsonOf(user), names: [user.userid, ...user.groups] }, parents: [] },
        { uid: resource, attrs: jsonOf(source), parents: [] },
      ],
    })
    if (answer.type === 'failure') throw new Error(JSON.stringify(answer.errors))
    return answer.response.decision === 'allow'
  }
}

function jsonOf(row: PeerUser | PeerSource): Record<string, cedar.CedarValueJson> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Array.isArray(value) ? [...value] : value]))
}

function cedarText(said: Expression): string {
  const list = (names: readonly string[]) => `[${names.map(name => JSON.stringify(name)).join(', ')}]`
  if (said.kind === 'not') return `!(${cedarText(said.term)})`
  if (said.kind !== 'call')
    return said.terms.map(term => `(${cedarText(term)})`).join(said.kind === 'and' ? ' && ' : ' || ')
  const [key = '', value] = said.args
  switch (said.name) {
    case 'hasAttribute':
      if (value === undefined) return `principal.keys.contains(${JSON.stringify(key)})`
      return `principal.values.containsAny(${list(selfAndParents(value).map(one => `${key}=${one}`))})`
    case 'isInGroups':
      return `principal.groups.containsAll(${list(said.args)})`
    case 'isInAnyGroup':
      return `principal.groups.containsAny(${list(said.args)})`
    case 'hasTagAsAttribute':
      return 'principal.teams.containsAny(resource.tags)'
    case 'hasTagAsGroup':
      return 'principal.groups.containsAny(resource.tags)'
    case 'isUser':
      return `${list(said.args)}.contains(principal.userid)`
    case 'hasPrincipal':
      return `principal.kind == ${JSON.stringify(key)}`
  }
}

// ── casbin: one rule a policy, evaluated by its matcher; deny beats allow ──

export async function casbinPeer(policies: readonly Policy[]): Promise<Peer> {
  const model = newModelFromString(`
[request_definition]
r = sub, obj
[policy_definition]
p = list, id, rule, eft
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = applies(r.obj, p.list, p.id) && eval(p.rule)
`)
  const enforcer = await newEnforcer(model)
  enforcer.enableLog(false)
  const any = (held: readonly string[], ...wanted: string[]) => wanted.some(one => held.includes(one))
  await enforcer.addFunction('applies', (obj: PeerSource, list: string, id: string) =>
    list === 'grants' ? obj.grants.includes(id) : list === 'guards' ? obj.guards.includes(id) : true,
  )
  await enforcer.addFunction('hasAny', any)
  await enforcer.addFunction('hasAll', (held: readonly string[], ...wanted: string[]) =>
    wanted.every(one => held.includes(one)),
  )
  await enforcer.addFunction('overlap', (a: readonly string[], b: readonly string[]) => a.some(one => b.includes(one)))
  for (const policy of policies) {
    if (policy.kind === 'guardrail' && policy.level === 'WRITE') continue
    const rule = 'when' in policy.who ? casbinText(policy.who.when) : 'true'
    const [list, said, effect] = policy.kind === 'grant' ? ['grants', rule, 'allow'] : ['guards', `!(${rule})`, 'deny']
    await enforcer.addPolicy(list, String(policy.id), said, effect)
  }
  await enforcer.addPolicy(
    'always',
    'members',
    'hasAny(r.obj.members, r.sub.userid) || overlap(r.sub.groups, r.obj.members)',
    'allow',
  )
  await enforcer.addPolicy('always', 'disabled', 'r.sub.isDisabled || r.obj.isDisabled', 'deny')
  return (user, source) => enforcer.enforceSync(user, source)
}

function casbinText(said: Expression): string {
  const list = (names: readonly string[]) => names.map(name => `'${name}'`).join(', ')
  if (said.kind === 'not') return `!(${casbinText(said.term)})`
  if (said.kind !== 'call')
    return said.terms.map(term => `(${casbinText(term)})`).join(said.kind === 'and' ? ' && ' : ' || ')
  const [key = '', value] = said.args
  switch (said.name) {
    case 'hasAttribute':
      if (value === undefined) return `hasAny(r.sub.keys, '${key}')`
      return `hasAny(r.sub.values, ${list(selfAndParents(value).map(one => `${key}=${one}`))})`
    case 'isInGroups':
      return `hasAll(r.sub.groups, ${list(said.args)})`
    case 'isInAnyGroup':
      return `hasAny(r.sub.groups, ${list(said.args)})`
    case 'hasTagAsAttribute':
      return 'overlap(r.sub.teams, r.obj.tags)'
    case 'hasTagAsGroup':
      return 'overlap(r.sub.groups, r.obj.tags)'
    case 'isUser':
      return `hasAny([${list(said.args)}], r.sub.userid)`
    case 'hasPrincipal':
      return `r.sub.kind == '${key}'`
  }
}

// ── CASL: an ability made for each user, in which everything about the user is settled ──

export function caslPeer(policies: readonly Policy[]): Peer {
  const abilities = new WeakMap<PeerUser, MongoAbility>()
  const subjects = new WeakMap<PeerSource, PeerSource>()
  return (user, source) => {
    const ability = abilities.get(user) ?? abilityOf(user, policies)
    abilities.set(user, ability)
    const asked = subjects.get(source) ?? subject('Source', { ...source })
    subjects.set(source, asked)
    return ability.can('READ', asked as never)
  }
}

function abilityOf(user: PeerUser, policies: readonly Policy[]): MongoAbility {
  const { can, cannot, build } = new AbilityBuilder<MongoAbility>(createMongoAbility)
  if (user.isDisabled) return build()
  const always: string[] = []
  const failed: string[] = []
  for (const { id, kind, level, who } of policies) {
    const left = 'when' in who ? leftOf(who.when, user) : true
    if (kind === 'guardrail' && level === 'READ' && left === false) failed.push(String(id))
    if (kind !== 'grant' || left === false) continue
    if (left === true) always.push(String(id))
    else can('READ', 'Source', { grants: String(id), tags: { $in: [...left] } })
  }
  if (always.length > 0) can('READ', 'Source', { grants: { $in: always } })
  can('READ', 'Source', { members: { $in: [user.userid, ...user.groups] } })
  if (failed.length > 0) cannot('READ', 'Source', { guards: { $in: failed } })
  cannot('READ', 'Source', { isDisabled: true })
  return build()
}

/** What is left of an expression for one user: true, false, or the tags of which the data source needs one. */
function leftOf(said: Expression, user: PeerUser): boolean | ReadonlySet<string> {
  if (said.kind === 'not' || said.kind === 'or') {
    const terms = (said.kind === 'not' ? [said.term] : said.terms).map(term => leftOf(term, user))
    if (terms.some(term => typeof term !== 'boolean')) throw new TypeError('the bench has tags in conjunctions only')
    return said.kind === 'not' ? !terms[0] : terms.includes(true)
  }
  if (said.kind === 'and') {
    const terms = said.terms.map(term => leftOf(term, user))
    if (terms.includes(false)) return false
    return terms.find(term => term !== true) ?? true
  }
  const [key = '', value] = said.args
  switch (said.name) {
    case 'hasAttribute':
      if (value === undefined) return user.keys.includes(key)
      return selfAndParents(value).some(one => user.values.includes(`${key}=${one}`))
    case 'isInGroups':
      return said.args.every(group => user.groups.includes(group))
    case 'isInAnyGroup':
      return said.args.some(group => user.groups.includes(group))
    case 'hasTagAsAttribute':
      return new Set(user.teams)
    case 'hasTagAsGroup':
      return new Set(user.groups)
    case 'isUser':
      return said.args.includes(user.userid)
    case 'hasPrincipal':
      return user.kind === key
  }
}
