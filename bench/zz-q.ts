import { entitlementIndex, whatIsReached } from '@headgate/core'
import { randomOf } from './lib/random.ts'
import { now, worldOf } from './lib/world.ts'
const cpu = () => { const u = (process as any).threadCpuUsage(); return (u.user + u.system) / 1000 }
const size = Number(process.argv[2] ?? 100000)
const facts = worldOf({ users: size, dataSources: size })
let t = cpu(); const index = entitlementIndex(facts, now); console.log('build', (cpu() - t).toFixed(0))
const stat = (name: string, v: number[]) => { const x = v.toSorted((a, b) => a - b); console.log(name.padEnd(12), 'med', x[x.length >> 1]!.toFixed(2), 'p99', x[Math.floor(x.length * .99)]!.toFixed(2), 'max', x.at(-1)!.toFixed(2)) }
function what() {
  const random = randomOf(3)
  const v: number[] = []
  for (let i = 0; i < 1000; i++) { const id = random.pick(facts.users).id; const t = performance.now(); whatIsReached(index, id); if (i >= 500) v.push(performance.now() - t) }
  stat('what', v)
}
function users(kind: string) {
  const random = randomOf(7); const v: number[] = []
  for (let i = 0; i < 1000; i++) {
    const row = random.pick(facts.users)
    const c: any = kind === 'user' ? { entity: 'user', id: row.id, row: { ...row, disabled: random.chance(0.5) } } : { entity: 'membership', group: random.pick(facts.groups).id, user: row.id, holds: random.chance(0.5) }
    const t = performance.now(); index.applyChange(c); v.push(performance.now() - t)
  }
  stat(kind, v)
}
const which = process.argv[3] ?? 'all'
if (which !== 'change') what()
if (which !== 'what') { users('user'); users('membership'); users('user') }
