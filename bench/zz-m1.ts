import { entitlementIndex } from '@headgate/core'
import { now, worldOf } from '/tmp/hg-perf/bench/lib/world.ts'
const cpu = () => { const u = (process as any).threadCpuUsage(); return (u.user + u.system) / 1000 }
const size = Number(process.argv[2] ?? 1000), runs = Number(process.argv[3] ?? 60)
const facts = worldOf({ users: size, dataSources: size })
const b: number[] = [], e: number[] = []
let sum = 0, index: any
for (let r = 0; r < runs; r++) {
  let t = cpu(); index = entitlementIndex(facts, now); b.push(cpu() - t)
  t = cpu()
  let checksum = 0, count = 0
  for (const { dataSources, users } of index.audienceBlocks()) for (const dataSource of dataSources) {
      const factor = Math.imul(dataSource, 0x9e3779b1) | 1
      for (let at = 0; at < users.length; at++) checksum = (checksum + Math.imul(users[at]!, factor)) | 0
      count += users.length
  }
  e.push(cpu() - t); sum = checksum
}
const s = (v: number[]) => { const x = v.toSorted((a, b) => a - b); return `min ${x[0]!.toFixed(2)} med ${x[x.length >> 1]!.toFixed(2)}` }
console.log('build', s(b), 'enum', s(e), (sum >>> 0).toString(16), 'bindings', index.bindings.bindings.size, 'formulas', index.formulas.count)
