/** The pretend company of `examples/acme` as core's facts. */
import {
  type Attribute,
  type DataSource,
  type Facts,
  type Group,
  type Integration,
  joinScope,
  normaliseLocationPath,
  type Policy,
  type User,
} from '@headgate/core'
import { readAcme } from '../../packages/cli/src/demo/acme.ts'
import { plain, whenOf } from './world.ts'

export function acmeFacts(): Facts {
  const acme = readAcme()
  const idOf = (names: readonly string[], name: string) => names.indexOf(name) + 1
  const integrationNames = acme.accounts.map(({ integration }) => integration.name)
  const integrations = acme.accounts.map(({ accountId, region, integration }, at): Integration => {
    const path = normaliseLocationPath(integration.awsLocationPath)
    if (!path.ok) throw new Error(path.message)
    const id = (at + 1) as Integration['id']
    return { id, accountId, region, locationPath: path.locationPath, subsumeEqual: true }
  })
  const users = acme.people.map(({ userid }, at): User => ({ id: (at + 1) as User['id'], userid, disabled: false }))
  const groups = acme.groups.map(({ name }, at): Group => {
    const members = users.filter((_, n) => acme.people[n]!.groups.includes(name))
    return { id: (at + 1) as Group['id'], name, users: members.map(({ id }) => id) }
  })
  const rowsOf = (subject: Attribute['subject'], attributes: Readonly<Record<string, readonly string[]>>) =>
    Object.entries(attributes).flatMap(([key, values]) => values.map(value => ({ subject, key, value })))
  return {
    integrations,
    users,
    groups,
    attributes: [
      ...acme.people.flatMap(({ attributes }, at) => rowsOf({ user: users[at]!.id }, attributes)),
      ...acme.groups.flatMap(({ attributes }, at) => rowsOf({ group: groups[at]!.id }, attributes)),
    ],
    principals: acme.people.flatMap(({ principal, userid }, at) =>
      principal ? [{ user: users[at]!.id, kind: principal, identifier: userid }] : [],
    ),
    dataSources: acme.dataSources.map(({ integration, name, prefix, tags }, at): DataSource => {
      const target = integrations[idOf(integrationNames, integration) - 1]!
      const joined = joinScope(target.locationPath, prefix)
      if (!joined.ok) throw new Error(joined.message)
      const id = (at + 1) as DataSource['id']
      return { id, name, integration: target.id, scope: joined.scope, tags, domains: [], disabled: false }
    }),
    policies: acme.policies.map((policy, at): Policy => {
      const { name, kind, level, appliesTo, who } = policy as unknown as Omit<Policy, 'who'> & {
        readonly who: { readonly everyone: true } | { readonly when: string }
      }
      const whom = 'when' in who ? whenOf(who.when) : who
      return { id: (at + 1) as Policy['id'], version: 1, name, kind, level, ...plain, appliesTo, who: whom }
    }),
    domains: [],
    selections: [],
    subscriptions: [],
    members: [],
    dataProducts: [],
    memberships: [],
  }
}
