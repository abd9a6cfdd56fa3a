import { api, type Caller, type DomainDetail, domainRights } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { everyItem, type Kind, type Names, type Step, said } from '../kind.ts'
import type { Write } from '../write.ts'

const rights = z.array(z.enum(domainRights)).min(1)
const right = z.union([z.strictObject({ user: z.string(), rights }), z.strictObject({ group: z.string(), rights })], {
  error: 'needs `user` or `group`, and `rights`',
})
type Right = z.output<typeof right>

const item = z.strictObject({
  ...api.domains.create.body.shape,
  /** By name, those that are in it by hand, whatever their tags; not said: they stay as they are. */
  dataSources: z.array(z.string()).optional(),
  /** Who may do what in it; not said: it stays as it is. */
  rights: z.array(right).optional(),
})
type Domain = z.output<typeof item>
export type DomainFile = Domain

export const domains: Kind<Domain> = {
  ...{ name: 'domains', one: 'domain', item },
  keyOf: ({ name }) => name,
  comparable: ({ tags, dataSources, rights: given, ...rest }, other) => ({
    ...{ ...rest, tags: tags.toSorted() },
    // What is not said stays as it is.
    ...(dataSources && (other === undefined || other.dataSources) && { dataSources: [...new Set(dataSources)].sort() }),
    ...(given && (other === undefined || other.rights) && { rights: Object.fromEntries(bySubject(given)) }),
  }),
  async read(caller) {
    const found = await everyItem(query => caller.domains.list({ query }))
    const details = found.map(({ name }) => caller.domains.get({ params: { name } }))
    return Promise.all(
      (await Promise.all(details)).map(async one => ({ id: one.name, content: await asWritten(caller, one) })),
    )
  },
  writes(step, names) {
    const { key: domain, wanted, current } = step
    if (wanted === undefined) return [...emptied(step, names), deletion(domain)]
    const { dataSources, rights: given, ...body } = wanted
    const before = current?.content
    const described = body.description !== before?.description
    const tagged = body.tags.toSorted().join('\n') !== before?.tags.toSorted().join('\n')
    const made: Write[] =
      before === undefined
        ? [
            {
              shown: { change: 'createDomain', domain: body },
              send: (caller, bound) => caller.domains.create({ body, ...bound }),
            },
          ]
        : [
            ...(described ? [edit(domain, { description: body.description })] : []),
            ...(tagged
              ? [
                  {
                    shown: { change: 'editDomain' as const, domain, tags: body.tags },
                    ...edit(domain, { tags: body.tags }),
                  },
                ]
              : []),
          ]
    return [...made, ...moves(step, names), ...rightsThatMove(domain, { before: before?.rights, after: given }, names)]
  },
}

function edit(name: string, body: { readonly description?: string; readonly tags?: string[] }): Write {
  return { send: (caller, bound) => caller.domains.edit({ params: { name }, body, ...bound }) }
}

function deletion(name: string): Write {
  return {
    shown: { change: 'deleteDomain', domain: name },
    send: (caller, bound) => caller.domains.remove({ params: { name }, ...bound }),
  }
}

/** The data sources that go in and out by hand. */
function moves({ key: name, wanted, current }: Step<Domain>, names: Names): Write[] {
  const before = current?.content.dataSources ?? []
  const after = wanted?.dataSources
  if (after === undefined) return []
  return [
    ...after.filter(one => !before.includes(one)).map(one => move(name, one, names, 'putIntoDomain')),
    ...before.filter(one => !after.includes(one)).map(one => move(name, one, names, 'takeOutOfDomain')),
  ]
}

/** One with data sources in it by hand cannot be deleted. */
function emptied({ key: name, current }: Step<Domain>, names: Names): Write[] {
  return (current?.content.dataSources ?? []).map(one => move(name, one, names, 'takeOutOfDomain'))
}

function move(name: string, source: string, names: Names, change: 'putIntoDomain' | 'takeOutOfDomain'): Write {
  const known = names.dataSources.get(source)
  return {
    shown: known === undefined ? 'untold' : { change, domain: name, dataSource: Number(known) },
    async send(caller, bound) {
      const id = names.dataSources.get(source)
      if (id === undefined) throw new Refused(`there is no data source ${source}`, 'fix what the domain names')
      const call = { params: { name, id }, ...bound }
      await (change === 'putIntoDomain' ? caller.domains.addDataSource(call) : caller.domains.removeDataSource(call))
    },
  }
}

/** No access to data hangs on rights: they are about Headgate. */
function rightsThatMove(
  name: string,
  {
    before = [],
    after,
  }: { readonly before?: readonly Right[] | undefined; readonly after: readonly Right[] | undefined },
  names: Names,
): Write[] {
  if (after === undefined) return []
  const [was, is] = [bySubject(before), bySubject(after)]
  const given = [...is].filter(([subject, list]) => was.get(subject)?.join() !== list.join())
  const taken = [...was.keys()].filter(subject => !is.has(subject))
  return [
    ...given.map(([subject, list]) => ({
      isLate: true as const,
      send: (caller: Caller) => setRights(caller, { name, subject, list }, names),
    })),
    ...taken.map(subject => ({
      isLate: true as const,
      send: (caller: Caller) => setRights(caller, { name, subject, list: [] }, names),
    })),
  ]
}

interface Setting {
  readonly name: string
  /** As `bySubject` calls it. */
  readonly subject: string
  /** Empty: all are taken. */
  readonly list: z.output<typeof rights>
}

async function setRights(caller: Caller, { name, subject, list }: Setting, names: Names): Promise<void> {
  const [kind, called] = [subject.slice(0, subject.indexOf(' ')), subject.slice(subject.indexOf(' ') + 1)]
  const body = { rights: list }
  if (kind === 'user') {
    const params = { name, userId: await userId(caller, called, names) }
    await (list.length === 0
      ? caller.domains.removeUserRights({ params })
      : caller.domains.setUserRights({ params, body }))
  } else {
    const params = { name, groupId: await groupId(caller, called, names) }
    await (list.length === 0
      ? caller.domains.removeGroupRights({ params })
      : caller.domains.setGroupRights({ params, body }))
  }
}

async function userId(caller: Caller, userid: string, { users }: Names): Promise<string> {
  const known = users.get(userid)
  if (known !== undefined) return known
  const { items } = await caller.users.list({ query: { search: userid, limit: 1000 } })
  const found = items.find(one => one.userid === userid)
  if (found === undefined) throw new Refused(`nobody is called ${userid}`, 'fix who has rights in the domain')
  return String(found.id)
}

async function groupId(caller: Caller, name: string, { groups }: Names): Promise<string> {
  const known = groups.get(name)
  if (known !== undefined) return known
  const { items } = await caller.groups.list({ query: { search: name, limit: 1000 } })
  const found = items.find(one => one.name === name)
  if (found === undefined) throw new Refused(`there is no group ${name}`, 'fix who has rights in the domain')
  return String(found.id)
}

/** `user ann` or `group Stewards` → rights, both in order. */
function bySubject(given: readonly Right[]): Map<string, z.output<typeof rights>> {
  const named = given.map(one => [subjectOf(one), [...new Set(one.rights)].sort()] as const)
  return new Map(named.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

function subjectOf(one: Right): string {
  return 'user' in one ? `user ${one.user}` : `group ${one.group}`
}

async function asWritten(caller: Caller, read: DomainDetail): Promise<Domain> {
  const { name, description, tags, dataSourcesByHand } = read
  const inside =
    dataSourcesByHand === 0
      ? []
      : await everyItem(query =>
          caller.dataSources.list({ query: { ...query, domain: name, byHand: 'true', state: 'active' } }),
        )
  const given = read.rights.map(({ subject, rights: list }): Right => {
    if ('user' in subject) return { user: subject.user.userid, rights: list }
    return { group: subject.group.name, rights: list }
  })
  return said({ name, description, tags, dataSources: inside.map(one => one.name), rights: given })
}
