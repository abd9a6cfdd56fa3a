/**
 * Prefixes inside prefixes, some levels deep, and objects at the bottom: people get READ here and WRITE there, by policies
 * over tags that whole branches bear, by guardrails, and by name.
 */
import type { DataSource, Facts, Group, Member, Policy, Scope, User } from '@headgate/core'
import { randomOf } from './random.ts'
import { plain, whenOf } from './world.ts'

export interface NestedSize {
  readonly users: number
  readonly buckets: number
  /** Below each bucket: prefixes in each prefix, and how often so. */
  readonly branches: number
  readonly depth: number
}

export function nestedWorld({ users: people, buckets, branches, depth }: NestedSize): Facts {
  const random = randomOf(people * 17 + buckets * 5 + branches * 3 + depth)
  const groupCount = 12
  const users = range(people).map((at): User => ({ id: at as User['id'], userid: `u${at}`, disabled: false }))
  const groups = range(groupCount).map((at): Group => {
    const members = users.filter(() => random.chance(1.5 / groupCount))
    return { id: at as Group['id'], name: `G${at}`, users: members.map(({ id }) => id) }
  })

  const dataSources: DataSource[] = []
  function register(scope: Scope, tags: readonly string[]): void {
    const id = (dataSources.length + 1) as DataSource['id']
    const integration = 1 as DataSource['integration']
    // Not every prefix is a data source of its own.
    if (random.chance(0.85))
      dataSources.push({ id, name: `source ${id}`, integration, scope, tags, domains: [], disabled: false })
  }
  function grow(bucket: string, key: string, tag: string, level: number): void {
    register({ bucket, key, kind: key === '' ? 'bucket' : 'prefix' }, [tag])
    if (level === depth) {
      if (random.chance(0.3)) register({ bucket, key: `${key}file`, kind: 'object' }, [tag])
      return
    }
    for (const branch of range(branches)) grow(bucket, `${key}p${branch}/`, `${tag}.p${branch}`, level + 1)
  }
  for (const at of range(buckets)) grow(`lake-${at}`, '', `L${at}`, 0)

  const policies: Policy[] = []
  const add = (kind: Policy['kind'], level: Policy['level'], appliesTo: Policy['appliesTo'], when: string) => {
    const id = (policies.length + 1) as Policy['id']
    policies.push({ id, version: 1, name: `policy ${id}`, kind, level, ...plain, appliesTo, who: whenOf(when) })
  }
  const branchTag = () => {
    const parts = range(1 + random.below(depth)).map(() => `p${1 + random.below(branches)}`)
    return [`L${1 + random.below(buckets)}`, ...parts].join('.')
  }
  for (let at = 0; at < 4 * groupCount; at++) {
    const level = random.chance(0.35) ? 'WRITE' : 'READ'
    add('grant', level, { any: [{ tag: branchTag() }] }, `@isInGroups('G${1 + random.below(groupCount)}')`)
  }
  for (let at = 0; at < 4; at++) {
    const level = random.chance(0.5) ? 'WRITE' : 'READ'
    add('guardrail', level, { any: [{ tag: branchTag() }] }, `NOT @isInGroups('G${1 + random.below(groupCount)}')`)
  }
  return {
    integrations: [
      {
        id: 1 as Facts['integrations'][number]['id'],
        accountId: '111122223333',
        region: 'us-east-1',
        locationPath: 's3://',
        subsumeEqual: true,
      },
    ],
    users,
    groups,
    attributes: [],
    principals: users.map(({ id, userid }) => ({ user: id, kind: 'iamUser', identifier: userid })),
    dataSources,
    policies,
    domains: [],
    selections: [],
    subscriptions: [],
    dataProducts: [],
    memberships: [],
    members: range(people).map(
      (at): Member => ({
        id: at as Member['id'],
        dataSource: random.pick(dataSources).id,
        subject: { user: random.pick(users).id },
        level: random.chance(0.5) ? 'WRITE' : 'READ',
      }),
    ),
  }
}

function range(length: number): number[] {
  return Array.from({ length }, (_, at) => at + 1)
}
