import { entitlementIndex } from '@headgate/core'
import { randomOf } from './lib/random.ts'
import { now, worldOf } from './lib/world.ts'
const facts = worldOf({ users: 100000, dataSources: 100000 })
const index = entitlementIndex(facts, now)
const random = randomOf(7)
const toggle = (row: any, disabled: boolean) => { const t = performance.now(); const d = index.applyChange({ entity: 'user', id: row.id, row: { ...row, disabled } } as any); return { ms: performance.now() - t, n: d.counts.gained + d.counts.lost, b: d.blocks.length } }
const slow: any[] = []
for (let i = 0; i < 1500; i++) { const row = random.pick(facts.users); const a = toggle(row, !row.disabled); const b = toggle(row, row.disabled); if (Math.min(a.ms, b.ms) > 1.2) slow.push(row) }
console.log(slow.length)
const s = slow.slice(0, 15)
const t0: number[] = []
for (let r = 0; r < 150; r++) for (const row of s) { const a = toggle(row, !row.disabled); const b = toggle(row, row.disabled); if (r === 100) console.log(row.id, a, b.ms); t0.push(a.ms, b.ms) }
t0.sort((a, b) => a - b); console.log('med', t0[t0.length >> 1])
