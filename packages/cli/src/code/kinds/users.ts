import { api, permissions, type User } from '@headgate/core/api'
import { z } from 'zod'
import { Refused } from '../../refused.ts'
import { type Current, everyItem, type Kind, type Names, said } from '../kind.ts'
import type { Write } from '../write.ts'
import { attributes, attributesThatMove, attributeWrites, localAttributes, sorted } from './attributes.ts'
import { groupId } from './groups.ts'

const { userid, name, email, kind } = api.users.create.body.shape
const principal = z.strictObject({
  kind: z.enum(['iamUser', 'iamRole', 'identityCenterUser']),
  identifier: z.string().min(1).max(2048),
  /** Names of those in which it holds; not said: in all. */
  integrations: z.array(z.string()).min(1).optional(),
})
type Principal = z.output<typeof principal>

/** What is not said stays as it is. Passwords and keys are no part of files. */
const item = z.strictObject({
  ...{ userid, name, email, kind },
  disabled: z.boolean().optional(),
  permissions: z.array(z.enum(permissions)).optional(),
  /** Confines CREATE_S3_DATASOURCE; with `permissions`. */
  dataSourceScopes: z.array(z.string()).min(1).optional(),
  /** By name. */
  groups: z.array(z.string()).optional(),
  attributes: attributes.optional(),
  principals: z.array(principal).optional(),
})
type UserFile = z.output<typeof item>

/**
 * People who are looked after here. Whoever an identity provider provisions is never touched, nor is whoever calls; prune disables,
 * and deletes nobody.
 */
export const users: Kind<UserFile> = {
  ...{ name: 'users', one: 'user', item },
  keyOf: one => one.userid,
  comparable: (content, other) => {
    const mine = canonical(content)
    const isSaid = ([key]: readonly [string, unknown]) => other === undefined || key in canonical(other)
    return Object.fromEntries(Object.entries(mine).filter(isSaid))
  },
  async read(caller, names) {
    const [me, found] = await Promise.all([caller.users.me(), everyItem(query => caller.users.list({ query }))])
    for (const one of found) names.users.set(one.userid, String(one.id))
    return found.map(one => ({
      ...{ id: String(one.id), content: asWritten(one, names) },
      ...(one.provider !== undefined && { untouched: true as const }),
      ...(one.id === me.id && { isOwn: true as const }),
      ...(one.disabled && { isUsed: true as const }),
    }))
  },
  check({ key, wanted, current }) {
    if (wanted?.kind !== current?.content.kind)
      throw new Refused(
        `the user ${key} is and stays a ${current?.content.kind}`,
        'give the other one a name of its own',
      )
  },
  writes({ key, wanted, current }, names) {
    if (wanted === undefined) return current === undefined ? [] : [disabling(current)]
    if (current !== undefined) return changes(wanted, current, names)
    // Nothing of it can be told before they are there.
    const created: Write = {
      shown: 'untold',
      send: async caller => {
        const { userid: called, name: full, email: mail, kind: of, permissions: may = [] } = wanted
        const body = said({ userid: called, name: full, email: mail, kind: of, permissions: may })
        names.users.set(key, String((await caller.users.create({ body })).id))
      },
    }
    const nobody: Current<UserFile> = { id: '', content: { ...wanted, ...nothing } }
    return [created, ...changes(wanted, nobody, names).map(({ send }): Write => ({ shown: 'untold', send }))]
  },
  isOptional: true,
}

/** What there is of somebody new but name and permissions. */
const nothing = { disabled: false, groups: [], attributes: {}, principals: [], dataSourceScopes: undefined }

function disabling({ id }: Current<UserFile>): Write {
  return {
    shown: { change: 'disableUser', user: Number(id) },
    send: (caller, bound) => caller.users.update({ params: { id }, body: { disabled: true }, ...bound }),
  }
}

function changes(wanted: UserFile, { id, content }: Current<UserFile>, names: Names): Write[] {
  const params = () => ({ id: id || (names.users.get(wanted.userid) ?? '') })
  const user = Number(id)
  const all: Write[] = []
  if (wanted.name !== content.name || wanted.email !== content.email)
    all.push({
      send: caller =>
        caller.users.update({ params: params(), body: { name: wanted.name, email: wanted.email ?? null } }),
    })
  if (mayDiffer(wanted, content))
    all.push({
      send: caller => {
        const { permissions: may = [], dataSourceScopes } = wanted
        return caller.users.setPermissions({ params: params(), body: said({ permissions: may, dataSourceScopes }) })
      },
    })
  all.push(...attributeMoves(wanted, content, { user, params }))
  all.push(...groupMoves(wanted, content, { user, params, names }))
  if (
    wanted.principals &&
    JSON.stringify(inOrder(wanted.principals)) !== JSON.stringify(inOrder(content.principals ?? []))
  ) {
    const body = wanted.principals.map(one => asSent(one, names))
    all.push({
      shown: { change: 'setPrincipals', user, principals: body },
      send: (caller, bound) => caller.users.setPrincipals({ params: params(), body, ...bound }),
    })
  }
  const { disabled } = wanted
  if (disabled !== undefined && disabled !== (content.disabled ?? false))
    all.push({
      shown: { change: disabled ? 'disableUser' : 'enableUser', user },
      send: (caller, bound) => caller.users.update({ params: params(), body: { disabled }, ...bound }),
    })
  return all
}

interface Whom {
  readonly user: number
  readonly params: () => { readonly id: string }
}

function attributeMoves(wanted: UserFile, before: UserFile, { user, params }: Whom): Write[] {
  const { attributes: held = {} } = before
  return attributeWrites(attributesThatMove(held, wanted.attributes ?? held), {
    shown: (change, what) => ({ change, user, ...what }),
    give: what => (caller, bound) => caller.users.addAttribute({ params: { ...params(), ...what }, ...bound }),
    take: what => (caller, bound) => caller.users.removeAttribute({ params: { ...params(), ...what }, ...bound }),
  })
}

function groupMoves(
  wanted: UserFile,
  before: UserFile,
  { user, params, names }: Whom & { readonly names: Names },
): Write[] {
  const { groups: held = [] } = before
  const { groups: asked = held } = wanted
  const move = (called: string, change: 'addToGroup' | 'removeFromGroup'): Write => {
    const known = names.groups.get(called)
    return {
      shown: known === undefined ? 'untold' : { change, group: Number(known), user },
      send(caller, bound) {
        const call = { params: { id: groupId(called, names), userId: params().id }, ...bound }
        return change === 'addToGroup' ? caller.groups.addMember(call) : caller.groups.removeMember(call)
      },
    }
  }
  return [
    ...asked.filter(one => !held.includes(one)).map(one => move(one, 'addToGroup')),
    ...held.filter(one => !asked.includes(one)).map(one => move(one, 'removeFromGroup')),
  ]
}

function mayDiffer(wanted: UserFile, before: UserFile): boolean {
  if (wanted.permissions === undefined) return false
  const list = ({ permissions: may = [], dataSourceScopes: scopes = [] }: UserFile) =>
    JSON.stringify([may.toSorted(), scopes.toSorted()])
  return list(wanted) !== list(before)
}

function asSent({ integrations, ...rest }: Principal, names: Names) {
  if (integrations === undefined) return rest
  const integrationIds = integrations.map(called => {
    const id = names.integrations.get(called)
    if (id === undefined) throw new Refused(`${rest.identifier} is of the integration ${called}, which is not there`)
    return Number(id)
  })
  return { ...rest, integrationIds }
}

function asWritten(read: User, { integrations }: Names): UserFile {
  const nameOf = (id: string) => [...integrations].find(([, known]) => known === id)?.[0] ?? id
  const principals = read.principals
    .filter(({ source }) => source === undefined)
    .map(one => said({ kind: one.kind, identifier: one.identifier, integrations: one.integrationIds?.map(nameOf) }))
  return said({
    ...{ userid: read.userid, name: read.name, email: read.email, kind: read.kind },
    ...{ disabled: read.disabled || undefined, permissions: read.permissions },
    dataSourceScopes: read.dataSourceScopes,
    groups: read.groups.filter(({ source }) => source === 'local').map(one => one.name),
    ...{ attributes: localAttributes(read.attributes), principals },
  }) as UserFile
}

/** What is said, in one form. */
function canonical({
  permissions: may,
  dataSourceScopes,
  groups,
  attributes: held,
  principals,
  disabled,
  ...rest
}: UserFile) {
  return said({
    ...{ ...rest, email: rest.email ?? '', disabled },
    permissions: may && { may: may.toSorted(), scopes: (dataSourceScopes ?? []).toSorted() },
    groups: groups && [...new Set(groups)].sort(),
    attributes: held && sorted(held),
    principals: principals && inOrder(principals),
  })
}

function inOrder(principals: readonly Principal[]) {
  const each = principals.map(({ integrations, ...rest }) => said({ ...rest, integrations: integrations?.toSorted() }))
  return each.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}
