/**
 * A pretend company of any size, the same for the same size: teams in a hierarchy, groups, countries, trainings, data
 * sources tagged and nested, 50 policies of every kind. Not one friendly shape: NOT, guardrails, hierarchies, tags as
 * groups and as attributes, principals, names, and members on top.
 */
import {
  type Attribute,
  type DataSource,
  type Facts,
  type Group,
  type Member,
  type Policy,
  parseExpression,
  type Scope,
  type User,
} from '@headgate/core'
import { randomOf } from './random.ts'

export interface WorldSize {
  readonly users: number
  readonly dataSources: number
  /** Values of the teams per user, about; more make a bigger world to load. */
  readonly values?: number
}

export const now = 1_800_000_000_000
const departments = Array.from({ length: 20 }, (_, at) => `D${at}`)
const countries = ['FR', 'DE', 'CH', 'IT', 'ES', 'US', 'UK', 'JP', 'BR', 'IN']

export function worldOf({ users: people, dataSources: sources, values = 2 }: WorldSize): Facts {
  const random = randomOf(people * 31 + sources)
  const team = () => `${random.pick(departments)}.T${random.below(10)}.S${random.below(5)}`
  const users = range(people).map(
    (at): User => ({ id: at as User['id'], userid: `u${at}`, disabled: random.chance(0.02) }),
  )

  const attributes: Attribute[] = []
  for (const { id } of users) {
    const subject = { user: id }
    const add = (key: string, value: string) => attributes.push({ subject, key, value })
    add('country', random.pick(countries))
    for (let at = 0; at < values; at++) {
      const whole = team()
      add('team', random.chance(0.01) ? whole.split('.').slice(0, 2).join('.') : whole)
    }
    if (random.chance(0.15)) add('contractor', 'yes')
    if (random.chance(0.3)) add('training', random.pick(['privacy', 'security', 'privacy.advanced']))
    if (random.chance(0.1)) add('level', random.pick(['senior', 'lead']))
  }
  return {
    integrations: [1, 2].map(at => ({
      id: at as Facts['integrations'][number]['id'],
      accountId: '111111111111',
      region: 'eu-west-1',
      locationPath: 's3://',
      subsumeEqual: true,
    })),
    users,
    groups: groupsOf(users, random),
    attributes: [
      ...attributes,
      { subject: { group: 2 as Group['id'] }, key: 'training', value: 'privacy' },
      { subject: { group: 3 as Group['id'] }, key: 'team', value: 'D3.T3' },
    ],
    principals: users.flatMap(({ id, userid }) =>
      random.chance(0.05)
        ? []
        : [
            {
              user: id,
              kind: random.chance(0.7) ? 'identityCenterUser' : 'iamRole',
              identifier: `p-${userid}`,
            } as const,
          ],
    ),
    dataSources: range(sources).map((at): DataSource => {
      const tag = team()
      const [department, part] = tag.split('.')
      const isWide = random.chance(0.002)
      const tags = isWide ? [`${department}`] : [tag]
      if (random.chance(0.15)) tags.push(random.pick(['Personal', 'Personal.Health', 'Secret', 'Open']))
      return {
        id: at as DataSource['id'],
        name: random.chance(0.01) ? `finance report ${at}` : `source ${at}`,
        integration: (random.chance(0.8) ? 1 : 2) as DataSource['integration'],
        // The wide ones lie above a part of the others of their department.
        scope: isWide
          ? scopeOf(department!, `${part}/`)
          : scopeOf(department!, `${random.chance(0.1) ? part : 'all'}/${at}/`),
        tags,
        domains: [],
        disabled: random.chance(0.01),
      }
    }),
    policies: policies(),
    domains: [],
    selections: [],
    subscriptions: [],
    dataProducts: [],
    memberships: [],
    members: range(Math.ceil(sources / 10)).map(
      (at): Member => ({
        id: at as Member['id'],
        dataSource: (1 + random.below(sources)) as DataSource['id'],
        subject: random.chance(0.97)
          ? { user: random.pick(users).id }
          : { group: (20 + random.below(20)) as Group['id'] },
        level: random.chance(0.3) ? 'WRITE' : 'READ',
        ...(random.chance(0.5) ? { until: now + 60_000 * (1 + random.below(100_000)) } : {}),
      }),
    ),
  }
}

export function whenOf(text: string): Extract<Policy['who'], { when: unknown }> {
  const parsed = parseExpression(text)
  if (!parsed.ok) throw new Error(text)
  return { when: parsed.expression }
}

/** Groups 1 to 3 are large, 4 to 19 middling, 20 to 39 small, and some bear the names of teams. */
function groupsOf(users: readonly User[], random: ReturnType<typeof randomOf>): Group[] {
  const some = (share: number) => users.filter(() => random.chance(share)).map(({ id }) => id)
  const few = (count: number) => [...new Set(range(count).map(() => random.pick(users).id))]
  const named = [
    ...range(3).map(at => ({ name: `Large ${at}`, users: some(0.4) })),
    ...range(16).map(at => ({ name: `Group ${at}`, users: some(0.02) })),
    ...range(20).map(at => ({ name: `Few ${at}`, users: few(10) })),
    ...departments.slice(0, 10).map(name => ({ name: `${name}.T0`, users: few(Math.ceil(users.length / 200)) })),
  ]
  return named.map((one, at) => ({ id: (at + 1) as Group['id'], ...one }))
}

/** As most policies are. */
export const plain = { reach: 'global', subscribe: 'automatic', discoverable: false } as const

function policies(): Policy[] {
  const made: Omit<Policy, 'id' | 'version' | 'name'>[] = []
  const everything = { everything: true } as const
  const tagged = (...tags: string[]) => ({ any: tags.map(tag => ({ tag })) })
  const grant = (level: Policy['level'], appliesTo: Policy['appliesTo'], when: string) =>
    made.push({ kind: 'grant', level, ...plain, appliesTo, who: whenOf(when) })
  const guard = (level: Policy['level'], appliesTo: Policy['appliesTo'], when: string) =>
    made.push({ kind: 'guardrail', level, ...plain, appliesTo, who: whenOf(when) })

  grant('READ', everything, "@hasTagAsAttribute('team', 'dataSource') AND NOT @hasAttribute('contractor')")
  grant('WRITE', everything, "@hasTagAsAttribute('team', 'dataSource') AND @hasAttribute('level', 'lead')")
  grant('READ', everything, "@hasTagAsGroup('dataSource')")
  grant('READ', tagged('Open'), "@isInAnyGroup('Few 1', 'Few 2', 'Group 1') OR @hasAttribute('level', 'lead')")
  grant('READ', { all: [{ tag: 'D1' }, { name: 'finance *' }] }, "@isInGroups('Large 1', 'Group 3')")
  grant('WRITE', everything, "@isUser('u1', 'u2')")
  for (const [at, department] of departments.entries()) {
    const country = countries[at % countries.length]
    grant(
      'READ',
      tagged(`${department}.T${at % 10}`),
      `@isInGroups('Group ${1 + (at % 16)}') AND @hasAttribute('country', '${country}')`,
    )
  }
  for (const [at, department] of departments.slice(0, 14).entries()) {
    grant(
      'WRITE',
      tagged(`${department}.T${at % 10}.S1`),
      `@isInAnyGroup('Few ${at + 3}', 'Few ${at + 4}') AND NOT @isInGroups('Large 2')`,
    )
  }
  guard('READ', tagged('Personal'), "@hasAttribute('training', 'privacy')")
  guard(
    'READ',
    tagged('Personal.Health'),
    "@hasAttribute('training', 'privacy.advanced') AND NOT @hasAttribute('country', 'US')",
  )
  guard('READ', tagged('Secret'), "@isInAnyGroup('Large 1', 'Large 3') AND NOT @hasAttribute('contractor')")
  guard('WRITE', everything, "@hasPrincipal('identityCenterUser') OR @hasAttribute('level')")
  guard('READ', tagged('D7'), "NOT @isInGroups('Group 7')")
  guard('WRITE', tagged('D4', 'D5'), "@hasAttribute('training', 'security')")
  guard('READ', { any: [{ scope: scopeOf('D9', 'T1/') }] }, "@isInGroups('Large 1')")
  guard('WRITE', tagged('Open'), "@isInGroups('Few 1')")
  guard('READ', { all: [{ tag: 'D2' }, { tag: 'Secret' }] }, "@hasAttribute('country', 'CH')")
  guard('READ', everything, "NOT @isInGroups('Few 19', 'Few 20')")
  return made.map((one, at) => ({ ...one, id: (at + 1) as Policy['id'], version: 1, name: `policy ${at + 1}` }))
}

function scopeOf(department: string, key: string): Scope {
  return { bucket: `lake-${department.toLowerCase()}`, key, kind: 'prefix' }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at + 1)
}
