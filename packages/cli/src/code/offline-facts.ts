/**
 * A folder of configuration and some pretend people as core's facts, so that policies can be asked without a server. Pure.
 *
 * Integrations are not in files: unless a test says where one lies, each is a place of its own.
 */
import {
  type Attribute,
  type DataSource,
  type Domain,
  type Facts,
  type Group,
  type Integration,
  joinScope,
  normaliseLocationPath,
  type Policy,
  parseExpression,
  parseScope,
  type Scope,
  type User,
} from '@headgate/core'
import { Refused } from '../refused.ts'
import type { DataSourceFile } from './kinds/data-sources.ts'
import type { DomainFile } from './kinds/domains.ts'
import type { PolicyFile } from './kinds/policies.ts'

export interface Written {
  readonly dataSources: readonly DataSourceFile[]
  readonly domains: readonly DomainFile[]
  /** Active ones are facts; staged ones let nobody in. */
  readonly policies: readonly PolicyFile[]
}

type Values = Readonly<Record<string, readonly string[]>>

export interface Pretended {
  /** Integration → its location, such as `s3://lake/`. */
  readonly integrations: Readonly<Record<string, string>>
  readonly groups: Readonly<Record<string, { readonly attributes: Values }>>
  readonly people: Readonly<
    Record<
      string,
      { readonly groups: readonly string[]; readonly attributes: Values; readonly principal?: Kind | undefined }
    >
  >
}
type Kind = 'iamUser' | 'iamRole' | 'identityCenterUser'

/** Throws Refused for what fits nowhere. Ids are places in the lists, from 1. */
export function offlineFacts({ dataSources, domains, policies }: Written, given: Pretended): Facts {
  const integrationNames = [...new Set(dataSources.map(({ integration }) => integration))]
  const integrations = integrationNames.map((name, at) => integrationOf(at, given.integrations[name]))
  const users = Object.keys(given.people).map(
    (userid, at): User => ({ id: (at + 1) as User['id'], userid, disabled: false }),
  )
  const groupNames = new Set([
    ...Object.keys(given.groups),
    ...Object.values(given.people).flatMap(({ groups }) => groups),
  ])
  const groups = [...groupNames].map((name, at): Group => {
    const members = users.filter(({ userid }) => given.people[userid]?.groups.includes(name))
    return { id: (at + 1) as Group['id'], name, users: members.map(({ id }) => id) }
  })
  const sources = dataSources.map(({ name, integration, prefix, tags }, at): DataSource => {
    const target = integrations[integrationNames.indexOf(integration)] as Integration
    const joined = joinScope(target.locationPath, prefix)
    if (!joined.ok) throw new Refused(`the data source ${name}: ${joined.message}`)
    const id = (at + 1) as DataSource['id']
    const byHand = domains.filter(one => one.dataSources?.includes(name)).map(one => one.name)
    return { id, name, integration: target.id, scope: joined.scope, tags, domains: byHand, disabled: false }
  })
  return {
    ...{ integrations, users, groups, dataSources: sources },
    domains: domains.map(({ name, tags }): Domain => ({ name, tags })),
    attributes: [
      ...users.flatMap(({ id, userid }) => rowsOf({ user: id }, given.people[userid]?.attributes)),
      ...groups.flatMap(({ id, name }) => rowsOf({ group: id }, given.groups[name]?.attributes)),
    ],
    principals: users.flatMap(({ id, userid }) => {
      const kind = given.people[userid]?.principal
      return kind === undefined ? [] : [{ user: id, kind, identifier: userid }]
    }),
    policies: policies
      .filter(({ state, who }) => state === 'active' && !('onRequest' in who))
      .map((policy, at) => policyOf(policy, at, { sources, integrationNames })),
    ...{ selections: [], subscriptions: [], members: [], dataProducts: [], memberships: [] },
  }
}

function integrationOf(at: number, location = `s3://integration-${at + 1}/`): Integration {
  const path = normaliseLocationPath(location)
  if (!path.ok) throw new Refused(path.message)
  const id = (at + 1) as Integration['id']
  return { id, accountId: '111122223333', region: 'us-east-1', locationPath: path.locationPath, subsumeEqual: true }
}

function rowsOf(subject: Attribute['subject'], attributes: Values = {}): Attribute[] {
  return Object.entries(attributes).flatMap(([key, values]) => values.map(value => ({ subject, key, value })))
}

interface Known {
  readonly sources: readonly DataSource[]
  readonly integrationNames: readonly string[]
}

function policyOf(written: PolicyFile, at: number, { sources, integrationNames }: Known): Policy {
  const {
    name,
    kind,
    level,
    subscribe,
    discoverable,
    domain,
    dataSource,
    appliesTo = { everything: true },
    who,
  } = written
  const source = sources.find(one => one.name === dataSource)
  if (dataSource !== undefined && source === undefined)
    throw new Refused(`the policy ${name} is about the data source ${dataSource}, which no file makes`)
  const conditions = (list: readonly Readonly<Record<string, unknown>>[]) =>
    list.map(one => {
      if ('scope' in one) return { scope: scopeOf(String(one.scope)) }
      return 'integration' in one ? { integration: integrationNames.indexOf(String(one.integration)) + 1 } : one
    })
  const applies = Object.entries(appliesTo).map(([how, list]) => [how, Array.isArray(list) ? conditions(list) : list])
  return {
    ...{ id: (at + 1) as Policy['id'], version: 1, name, kind, level, subscribe, discoverable },
    reach: source ? { dataSource: source.id } : domain === undefined ? 'global' : { domain },
    appliesTo: Object.fromEntries(applies) as Policy['appliesTo'],
    who: 'when' in who ? { when: expressionOf(name, who.when) } : { everyone: true },
  }
}

function scopeOf(text: string): Scope {
  const parsed = parseScope(text)
  if (!parsed.ok) throw new Refused(parsed.message)
  return parsed.scope
}

function expressionOf(name: string, text: string) {
  const parsed = parseExpression(text)
  if (!parsed.ok) throw new Refused(`the policy ${name}: ${parsed.errors.map(({ message }) => message).join('; ')}`)
  return parsed.expression
}
