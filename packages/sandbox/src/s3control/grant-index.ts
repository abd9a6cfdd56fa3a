/**
 * What makes 100,000 grants quick to ask about: lists by grantee, by scope and of all, each in the order of creation,
 * a table of what must be unique, and one of who holds what on which scope.
 * Derived from the instance alone, built when first asked for, so that state stays plain data.
 */
import type { AccessGrant, AccessGrantsInstance, GranteeType } from '../state.ts'
import type { Unknowns } from '../unknowns.ts'

export interface GrantIndex {
  readonly all: SequenceList
  readonly byGrantee: ReadonlyMap<string, SequenceList>
  readonly byScope: ReadonlyMap<string, SequenceList>
  /** How many grants each location has. */
  readonly perLocation: ReadonlyMap<string, number>
  add(grant: AccessGrant): void
  /** `lingers`: it is gone for everybody who asks, but still vends. */
  remove(grant: AccessGrant, lingers: boolean): void
  /** Takes in a grant that has been removed but lingers. */
  linger(grant: AccessGrant): void
  /** Forgets a grant that has lingered long enough. */
  forget(grant: AccessGrant): void
  isTaken(uniqueness: string): boolean
  /** Grants that one grantee holds on exactly this scope, lingering ones included. */
  held(grantee: string, scope: string): readonly AccessGrant[]
}

export interface SequenceList {
  /** Grants after a sequence number, in the order of creation. */
  after(sequence: number): Generator<AccessGrant>
}

export const granteeKey = (type: GranteeType, identifier: string): string => `${type} ${identifier}`

/** Two grants with the same key can't both exist. What belongs to it is partly unknown. */
export function uniquenessOf(
  grant: Pick<
    AccessGrant,
    'granteeType' | 'granteeIdentifier' | 'permission' | 'scope' | 'applicationArn' | 'isObject'
  >,
  unknowns: Unknowns,
): string {
  return [
    granteeKey(grant.granteeType, grant.granteeIdentifier),
    grant.permission,
    grant.scope,
    unknowns.applicationInUniqueness ? (grant.applicationArn ?? '') : '',
    unknowns.prefixTypeInUniqueness && grant.isObject ? 'Object' : '',
  ].join('\n')
}

const indexes = new WeakMap<AccessGrantsInstance, { readonly index: GrantIndex; readonly rule: string }>()

export function grantIndexOf(instance: AccessGrantsInstance, unknowns: Unknowns): GrantIndex {
  // What is unique can be switched while running; an index built under another rule is of no use.
  const rule = `${unknowns.applicationInUniqueness} ${unknowns.prefixTypeInUniqueness}`
  const known = indexes.get(instance)
  if (known?.rule === rule) return known.index
  const index = buildIndex({ ...unknowns })
  for (const grant of instance.grants.values()) index.add(grant)
  for (const { grant } of instance.lingering.values()) index.linger(grant)
  indexes.set(instance, { index, rule })
  return index
}

function buildIndex(unknowns: Unknowns): GrantIndex {
  const all = sequenceList()
  const byGrantee = new Map<string, MutableList>()
  const byScope = new Map<string, MutableList>()
  const perLocation = new Map<string, number>()
  const unique = new Set<string>()
  const heldOn = new Map<string, AccessGrant[]>()
  const granteeOf = (grant: AccessGrant) => granteeKey(grant.granteeType, grant.granteeIdentifier)
  const heldKey = (grantee: string, scope: string) => `${grantee}\n${scope}`

  const hold = (grant: AccessGrant): void => {
    const key = heldKey(granteeOf(grant), grant.scope)
    const held = heldOn.get(key) ?? []
    // In the order of creation, by which ties are settled, also when built anew from what is there.
    heldOn.set(
      key,
      [...held, grant].sort((a, b) => a.sequence - b.sequence),
    )
  }
  const forget = (grant: AccessGrant): void => {
    const key = heldKey(granteeOf(grant), grant.scope)
    const left = heldOn.get(key)?.filter(each => each !== grant) ?? []
    if (left.length === 0) heldOn.delete(key)
    else heldOn.set(key, left)
  }
  return {
    all,
    byGrantee,
    byScope,
    perLocation,
    add(grant) {
      all.add(grant)
      listIn(byGrantee, granteeOf(grant)).add(grant)
      listIn(byScope, grant.scope).add(grant)
      perLocation.set(grant.locationId, (perLocation.get(grant.locationId) ?? 0) + 1)
      unique.add(uniquenessOf(grant, unknowns))
      hold(grant)
    },
    remove(grant, lingers) {
      all.remove(grant)
      dropFrom(byGrantee, granteeOf(grant), grant)
      dropFrom(byScope, grant.scope, grant)
      perLocation.set(grant.locationId, (perLocation.get(grant.locationId) ?? 1) - 1)
      unique.delete(uniquenessOf(grant, unknowns))
      if (!lingers) forget(grant)
    },
    linger: hold,
    forget,
    isTaken: uniqueness => unique.has(uniqueness),
    held: (grantee, scope) => heldOn.get(heldKey(grantee, scope)) ?? [],
  }
}

interface MutableList extends SequenceList {
  readonly size: number
  add(grant: AccessGrant): void
  remove(grant: AccessGrant): void
}

function listIn(lists: Map<string, MutableList>, key: string): MutableList {
  let list = lists.get(key)
  if (list === undefined) {
    list = sequenceList()
    lists.set(key, list)
  }
  return list
}

function dropFrom(lists: Map<string, MutableList>, key: string, grant: AccessGrant): void {
  const list = lists.get(key)
  list?.remove(grant)
  if (list?.size === 0) lists.delete(key)
}

/** Appends in rising sequence; removals are marked and swept when they make up half, so both cost next to nothing. */
function sequenceList(): MutableList {
  let grants: AccessGrant[] = []
  const removed = new Set<AccessGrant>()
  return {
    get size() {
      return grants.length - removed.size
    },
    add(grant) {
      grants.push(grant)
    },
    remove(grant) {
      removed.add(grant)
      if (removed.size * 2 <= grants.length) return
      grants = grants.filter(each => !removed.has(each))
      removed.clear()
    },
    *after(sequence) {
      let low = 0
      let high = grants.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((grants[middle] as AccessGrant).sequence <= sequence) low = middle + 1
        else high = middle
      }
      for (; low < grants.length; low++) {
        const grant = grants[low] as AccessGrant
        if (!removed.has(grant)) yield grant
      }
    },
  }
}
