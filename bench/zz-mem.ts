import { entitlementIndex } from '@headgate/core'
import { now, worldOf } from './lib/world.ts'
for (const size of [1000, 10000]) {
const facts = worldOf({ users: size, dataSources: size })
const keep: any[] = []
entitlementIndex(facts, now); (globalThis as any).gc(); const a = process.memoryUsage().heapUsed
for (let i = 0; i < 5; i++) keep.push(entitlementIndex(facts, now)); (globalThis as any).gc(); const b = process.memoryUsage().heapUsed
console.log(size, ((b - a) / 5 / 1024).toFixed(0), 'KiB an index', keep[0].memory(), keep.length)
for (const i of keep) for (const x of i.audienceBlocks()) x.users; (globalThis as any).gc(); const c = process.memoryUsage().heapUsed
console.log('with audiences', ((c - a) / 5 / 1024).toFixed(0))
}
