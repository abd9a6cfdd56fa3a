/**
 * Everybody's entitlements to everything, every one of them enumerated into a checksum.
 *
 * Ours computes whole sets; the peers answer one pair at a time and are asked a sample of pairs, each after being made
 * ready outside the clock. Said fairly: that is what they are made for, and cedar-wasm's time includes JSON crossing into
 * WASM. The floor goes over the very same sorted arrays, found beforehand, and merges members in by hand.
 */
import { type EntitlementIndex, entitlementIndex, type Facts } from '@headgate/core'
import { casbinPeer, caslPeer, cedarPeer, type Peer, peerWorld } from './lib/peers.ts'
import { randomOf } from './lib/random.ts'
import { type Bench, type Figure, milliseconds, spreadOf } from './lib/report.ts'
import { now, worldOf } from './lib/world.ts'

export async function measure(smoke: boolean): Promise<Bench> {
  const figures: Figure[] = []
  const checksums: Record<string, string> = {}
  const agree = await doAllAgree(smoke ? 20 : 60)
  figures.push({
    name: 'peers agree with ours on every pair of a small world',
    value: agree ? 1 : 0,
    unit: '1 = yes',
    reach: 1,
    better: 'higher',
  })
  for (const size of smoke ? [100] : [1000, 10_000, 100_000]) {
    const facts = worldOf({ users: size, dataSources: size })
    const at = `${size.toLocaleString('en')} × ${size.toLocaleString('en')}`
    const runs = size > 10_000 ? 3 : 5
    const built: number[] = []
    const enumerated: number[] = []
    const floors: number[] = []
    let found = { checksum: 0, count: 0 }
    for (let run = 0; run < runs; run++) {
      const { ms, result: index } = milliseconds(() => entitlementIndex(facts, now))
      built.push(ms)
      const whole = milliseconds(() => enumerate(index))
      enumerated.push(whole.ms)
      found = whole.result
      const arrays = arraysOf(index)
      const floor = milliseconds(() => mergeByHand(arrays))
      if (floor.result !== found.checksum) throw new Error('the floor enumerates something else')
      floors.push(floor.ms)
    }
    checksums[at] = (found.checksum >>> 0).toString(16)
    const [build, ours, floor] = [built, enumerated, floors].map(all => spreadOf(all))
    const wanted = smoke || size > 10_000 ? {} : { reach: 4 }
    figures.push(
      { name: `${at}: entitlements`, value: found.count, unit: 'pairs', better: 'higher' },
      { name: `${at}: index built from rows, median`, value: build!.median, unit: 'ms', better: 'lower' },
      { name: `${at}: every entitlement enumerated, cold, median`, value: ours!.median, unit: 'ms', better: 'lower' },
      { name: `${at}: the same, slowest`, value: ours!.max, unit: 'ms', better: 'lower' },
      {
        name: `${at}: entitlements per second`,
        value: found.count / (ours!.median / 1000),
        unit: '1/s',
        better: 'higher',
      },
      {
        name: `${at}: floor, the same sorted arrays merged by hand`,
        value: floor!.median,
        unit: 'ms',
        better: 'lower',
      },
      { name: `${at}: ours to floor`, value: ours!.median / floor!.median, unit: '×', better: 'lower', ...wanted },
    )
    figures.push(...(await peerFigures(facts, at, build!.median + ours!.median, smoke, size <= 10_000)))
  }
  return { settings: { policies: 50, level: 'READ', checksums, smoke }, figures }
}

async function peerFigures(
  facts: Facts,
  at: string,
  oursMs: number,
  smoke: boolean,
  hasReach: boolean,
): Promise<Figure[]> {
  const index = entitlementIndex(facts, now)
  const random = randomOf(5)
  const world = peerWorld(index, facts)
  const pairs = facts.users.length * facts.dataSources.length
  const figures: Figure[] = []
  let fastest = Number.POSITIVE_INFINITY
  for (const [name, peer] of Object.entries(await peers(index))) {
    // As many pairs of each user as a whole matrix has, so that what is made once a user counts for little.
    const sample =
      name === 'CASL' ? { users: 40, sources: Math.min(facts.dataSources.length, 2500) } : { users: 20, sources: 40 }
    const users = Array.from({ length: sample.users }, () => random.pick(world.users))
    const sources = Array.from({ length: sample.sources }, () => random.pick(world.sources))
    for (const user of users.slice(0, 3)) for (const source of sources.slice(0, 20)) peer(user, source)
    const { ms } = milliseconds(() => {
      for (const user of users) for (const source of sources) peer(user, source)
    })
    const each = ms / (users.length * sources.length)
    fastest = Math.min(fastest, each)
    figures.push(
      { name: `${at}: ${name}, one pair`, value: each * 1000, unit: 'µs', better: 'lower' },
      { name: `${at}: ${name}, all pairs, extrapolated`, value: (each * pairs) / 1000, unit: 's', better: 'lower' },
    )
  }
  const reach = smoke || !hasReach ? {} : { reach: 100 }
  figures.push({
    name: `${at}: fastest peer to ours, index built included`,
    value: (fastest * pairs) / oursMs,
    unit: '×',
    better: 'higher',
    ...reach,
  })
  return figures
}

async function peers(index: EntitlementIndex): Promise<Record<string, Peer>> {
  const policies = [...index.bindings.policies.values()]
  return { CASL: caslPeer(policies), 'cedar-wasm': cedarPeer(policies), casbin: await casbinPeer(policies) }
}

async function doAllAgree(size: number): Promise<boolean> {
  const facts = worldOf({ users: size, dataSources: size })
  const index = entitlementIndex(facts, now)
  const { users, sources } = peerWorld(index, facts)
  const asked = Object.values(await peers(index))
  return facts.dataSources.every(({ id }, at) => {
    const { read } = index.standing(index.bindings.sources.get(id)!)
    const ours = new Set(index.idsOf(read))
    return facts.users.every((user, number) =>
      asked.every(peer => peer(users[number]!, sources[at]!) === ours.has(user.id)),
    )
  })
}

/** Every pair, one after the other, into a sum in which each user and each data source counts. */
function enumerate(index: EntitlementIndex): { checksum: number; count: number } {
  let checksum = 0
  let count = 0
  for (const { dataSources, users } of index.audienceBlocks()) {
    for (const dataSource of dataSources) {
      const factor = Math.imul(dataSource, 0x9e3779b1) | 1
      for (let at = 0; at < users.length; at++) checksum = (checksum + Math.imul(users[at]!, factor)) | 0
      count += users.length
    }
  }
  return { checksum, count }
}

interface Arrays {
  readonly dataSource: number
  readonly byPolicy: Float64Array
  readonly byMember: Float64Array
}

/** What the policies give and what members add, each a sorted array, found outside the clock. */
function arraysOf(index: EntitlementIndex): Arrays[] {
  const shared = new Map<unknown, Float64Array>()
  const found: Arrays[] = []
  for (const { dataSources, users } of index.audienceBlocks()) {
    for (const dataSource of dataSources) {
      const { binding } = index.bindings.sources.get(dataSource)!
      const byPolicy = shared.get(binding) ?? Float64Array.from(index.idsOf(index.policyStanding(binding!).read))
      shared.set(binding, byPolicy)
      const policies = new Set(byPolicy)
      const byMember = dataSources.length > 1 ? none : users.filter(user => !policies.has(user))
      found.push({ dataSource, byPolicy, byMember })
    }
  }
  return found
}

const none = new Float64Array(0)

function mergeByHand(arrays: readonly Arrays[]): number {
  let checksum = 0
  for (const { dataSource, byPolicy, byMember } of arrays) {
    const factor = Math.imul(dataSource, 0x9e3779b1) | 1
    let [a, b] = [0, 0]
    while (a < byPolicy.length && b < byMember.length) {
      const [x, y] = [byPolicy[a]!, byMember[b]!]
      checksum = (checksum + Math.imul(Math.min(x, y), factor)) | 0
      if (x <= y) a++
      if (y <= x) b++
    }
    for (; a < byPolicy.length; a++) checksum = (checksum + Math.imul(byPolicy[a]!, factor)) | 0
    for (; b < byMember.length; b++) checksum = (checksum + Math.imul(byMember[b]!, factor)) | 0
  }
  return checksum
}
