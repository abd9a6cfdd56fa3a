/**
 * Everybody's entitlements to everything, every one of them enumerated into a checksum.
 *
 * Ours computes whole sets; the peers answer one pair at a time and are asked a sample of pairs, each after being made
 * ready outside the clock. Said fairly: that is what they are made for, and cedar-wasm's time includes JSON crossing into
 * WASM. The floor merges, for each data source, the very
 * same sorted arrays (whom each policy lets in, whom each guardrail lets through), which it gets for nothing.
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
    // The first runs only make the code warm, as it is for the peers.
    const [warming, runs] = smoke ? [0, 2] : size > 10_000 ? [0, 3] : size > 1000 ? [2, 7] : [60, 60]
    const built: number[] = []
    const enumerated: number[] = []
    const floors: number[] = []
    let found = { checksum: 0, count: 0 }
    let first: number | undefined
    for (let run = -warming; run < runs; run++) {
      const { ms, result: index } = milliseconds(() => entitlementIndex(facts, now))
      const whole = milliseconds(() => enumerate(index))
      first ??= ms + whole.ms
      found = whole.result
      if (run < 0) continue
      built.push(ms)
      enumerated.push(whole.ms)
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
      { name: `${at}: built and enumerated the first time, code cold`, value: first!, unit: 'ms', better: 'lower' },
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

/** For one data source: whom each policy and member lets in, whom each guardrail lets through; ascending ids. */
interface Arrays {
  readonly dataSource: number
  readonly any: readonly Float64Array[]
  readonly every: readonly Float64Array[]
}

/** Found outside the clock: one array a formula, shared by the data sources that it is asked on. */
function arraysOf(index: EntitlementIndex): Arrays[] {
  const known = new Map<unknown, Float64Array>()
  type Formula = Parameters<EntitlementIndex['audiences']['of']>[0]
  function arrayOf(formula: Formula): Float64Array {
    const array = known.get(formula) ?? index.idsOf(index.audiences.of(formula))
    known.set(formula, array)
    return array
  }
  const found: Arrays[] = []
  for (const [id, { binding }] of index.bindings.sources) {
    if (!binding) continue
    const members = index.members
      .of(id)
      .filter(({ until }) => until === undefined || until > now)
      .map(({ subject }) => index.idsOf(index.facts.subjectPeople(subject, index.facts.enabled)))
    const any = [...binding.grants.map(({ formula }) => arrayOf(formula)), ...members].filter(
      ({ length }) => length > 0,
    )
    found.push({ dataSource: id, any, every: binding.guards.READ.map(arrayOf) })
  }
  return found
}

/** As one would write it by hand: for each data source its arrays merged two by two, shortest first, into the sum. */
function mergeByHand(arrays: readonly Arrays[]): number {
  let checksum = 0
  const buffers = [new Float64Array(1 << 20), new Float64Array(1 << 20)] as const
  for (const { dataSource, any, every } of arrays) {
    const factor = Math.imul(dataSource, 0x9e3779b1) | 1
    let size = 0
    let from: Float64Array = buffers[0]
    let to: Float64Array = buffers[1]
    for (const array of any.toSorted((a, b) => a.length - b.length)) {
      size = mergeTwo(from, size, array, to)
      ;[from, to] = [to, from]
    }
    for (const array of every.toSorted((a, b) => a.length - b.length)) {
      size = keepShared(from, size, array, to)
      ;[from, to] = [to, from]
    }
    for (let at = 0; at < size; at++) checksum = (checksum + Math.imul(from[at]!, factor)) | 0
  }
  return checksum
}

function mergeTwo(a: Float64Array, sizeA: number, b: Float64Array, to: Float64Array): number {
  let [atA, atB, size] = [0, 0, 0]
  while (atA < sizeA && atB < b.length) {
    const [x, y] = [a[atA]!, b[atB]!]
    to[size++] = Math.min(x, y)
    if (x <= y) atA++
    if (y <= x) atB++
  }
  while (atA < sizeA) to[size++] = a[atA++]!
  while (atB < b.length) to[size++] = b[atB++]!
  return size
}

/** Leaps where the other array is much longer. */
function keepShared(a: Float64Array, sizeA: number, b: Float64Array, to: Float64Array): number {
  let [at, size] = [0, 0]
  for (let atA = 0; atA < sizeA; atA++) {
    const wanted = a[atA]!
    for (let step = 1; at < b.length && b[at]! < wanted; step *= 2) {
      while (step > 1 && (b[at + step] ?? Number.POSITIVE_INFINITY) > wanted) step >>= 1
      at += step
    }
    if (b[at] === wanted) to[size++] = wanted
  }
  return size
}
