/**
 * Vended credentials, and refusals, kept as long as they are good for. Pure: the clock is given.
 *
 * Credentials are looked for by what they cover, not by what was asked: AWS vends for the whole scope of the matching grant,
 * so that one vend serves every object below it. What was vended for one object is kept as well.
 */
import { covers, isPrefix } from './scope.ts'
import type { Vended } from './vendor.ts'
import type { Permission, Wanted } from './wanted.ts'

export interface Kept {
  find(wanted: Wanted, now: number): Vended | undefined
  refusal(wanted: Wanted, now: number): Error | undefined
  keep(vended: Vended): void
  refuse(wanted: Wanted, error: Error, until: number): void
  /** Forgets credentials that proved bad. */
  drop(vended: Vended): void
}

/** Above it the oldest goes: grants for one object each can make as many entries as there are objects. */
const mostObjects = 10_000

export function createKept(): Kept {
  /** By bucket; few, since a prefix takes in what is below it. */
  const prefixes = new Map<string, readonly Vended[]>()
  const objects = new Map<string, Vended>()
  const refused = new Map<string, { readonly error: Error; readonly until: number }>()

  function ofObject({ permission, target }: Wanted, now: number): Vended | undefined {
    for (const one of [permission, 'READWRITE']) {
      const found = objects.get(`${one} ${target}`)
      if (found !== undefined && found.renewAt > now) return found
    }
    return undefined
  }

  return {
    find(wanted, now) {
      const object = ofObject(wanted, now)
      if (object !== undefined) return object
      // The narrowest, as AWS chooses: what a wider grant gives besides is none of this request's business.
      return (prefixes.get(wanted.bucket) ?? [])
        .filter(({ renewAt, permission }) => renewAt > now && gives(permission, wanted.permission))
        .filter(({ scope }) => covers(scope, wanted.target))
        .reduce<Vended | undefined>((a, b) => (a === undefined || b.scope.length > a.scope.length ? b : a), undefined)
    },
    refusal(wanted, now) {
      const found = refused.get(keyOf(wanted))
      if (found === undefined || found.until > now) return found?.error
      refused.delete(keyOf(wanted))
      return undefined
    },
    keep(one) {
      if (!isPrefix(one.scope)) {
        objects.set(keyOf({ permission: one.permission, target: one.scope }), one)
        dropOldest(objects)
        return
      }
      const others = (prefixes.get(one.bucket) ?? []).filter(
        ({ scope, permission }) => scope !== one.scope || permission !== one.permission,
      )
      prefixes.set(one.bucket, [...others, one])
    },
    refuse(wanted, error, until) {
      refused.set(keyOf(wanted), { error, until })
      dropOldest(refused)
    },
    drop(one) {
      objects.delete(keyOf({ permission: one.permission, target: one.scope }))
      prefixes.set(
        one.bucket,
        (prefixes.get(one.bucket) ?? []).filter(other => other !== one),
      )
    },
  }
}

function keyOf({ permission, target }: Pick<Wanted, 'permission' | 'target'>): string {
  return `${permission} ${target}`
}

function gives(permission: Permission, wanted: Permission): boolean {
  return permission === wanted || permission === 'READWRITE'
}

/** A Map keeps the order of insertion. */
function dropOldest(map: Map<string, unknown>): void {
  const [oldest] = map.keys()
  if (map.size > mostObjects && oldest !== undefined) map.delete(oldest)
}
