import { entitlementIndex } from '@headgate/core'
import { now, worldOf } from './lib/world.ts'
const facts = worldOf({ users: 1000, dataSources: 1000 })
const b: number[] = [], e: number[] = []
for (let r = 0; r < 160; r++) { let t = performance.now(); const index = entitlementIndex(facts, now); b.push(performance.now() - t); t = performance.now(); let c = 0; for (const { users } of index.audienceBlocks()) c += users.length; e.push(performance.now() - t) }
const med = (v: number[]) => v.toSorted((a, b) => a - b)[v.length >> 1]!.toFixed(1)
for (let i = 0; i < 160; i += 20) console.log(i, med(b.slice(i, i + 20)), Math.min(...b.slice(i, i + 20)).toFixed(1), med(e.slice(i, i + 20)), Math.min(...e.slice(i, i + 20)).toFixed(1))
