/** Equality of what is large and nearly always equal: cheap where it holds, and as telling as any where it does not. */
import assert from 'node:assert/strict'
import type { Entitlement, OwnReason } from '../../src/index.ts'
import type { Counted } from '../brute-force.ts'

/** Deep equality, as `assert.deepEqual` has it. */
export function assertSame(actual: unknown, expected: unknown, where?: () => string): void {
  if (!isSame(actual, expected)) assert.deepEqual(actual, expected, where?.())
}

/** Whether these are the entitlements that were counted, with all their reasons, and each of them once. */
export function assertCounted(
  entitlements: readonly Entitlement[],
  counted: ReadonlyMap<string, Counted>,
  where?: () => string,
): void {
  const isSame =
    entitlements.length === counted.size &&
    entitlements.every(({ user, dataSource, level, because }) => {
      const one = counted.get(`${user} ${dataSource}`)
      return one?.level === level && areReasons(because, one.because)
    })
  const keys = new Set(entitlements.map(({ user, dataSource }) => `${user} ${dataSource}`))
  if (isSame && keys.size === counted.size) return
  const said = entitlements.map(one => [`${one.user} ${one.dataSource}`, countedOf(one)] as const)
  assert.deepEqual(new Map(said), new Map(counted), where?.())
  assert.fail(`somebody is entitled twice to the same: ${where?.()}`)
}

export function countedOf({ level, because }: Pick<Entitlement, 'level' | 'because'>): Counted {
  return { level, because: because.map(reasonText).sort() }
}

function areReasons(because: readonly OwnReason[], texts: readonly string[]): boolean {
  if (because.length !== texts.length) return false
  if (because.length === 1) return reasonText(because[0]!) === texts[0]
  const said = because.map(reasonText).sort()
  return said.every((text, at) => text === texts[at])
}

function reasonText(reason: OwnReason): string {
  if (reason.kind === 'policy') return `policy ${reason.id} v${reason.version} ${reason.level}`
  const until = reason.until === undefined ? '' : ` until ${reason.until}`
  if (reason.kind === 'membership') return `membership ${reason.id} ${reason.level}${until} of ${reason.via.product}`
  return `member ${reason.id} ${reason.level}${until}${reason.via ? ` via group ${reason.via.group}` : ''}`
}

/** Whether these are surely the same: arrays and plain objects are looked into, of all else only what is identical is. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((one, at) => isSame(one, b[at]))
  if (Object.getPrototypeOf(a) !== Object.prototype || Object.getPrototypeOf(b) !== Object.prototype) return false
  const keys = Object.keys(a)
  const [one, other] = [a as Record<string, unknown>, b as Record<string, unknown>]
  return (
    keys.length === Object.keys(b).length && keys.every(key => Object.hasOwn(b, key) && isSame(one[key], other[key]))
  )
}
