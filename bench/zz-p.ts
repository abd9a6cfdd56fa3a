import { entitlementIndex, type Policy, preview } from '@headgate/core'
import { now, whenOf, worldOf } from './lib/world.ts'
const cpu = () => { const u = (process as any).threadCpuUsage(); return (u.user + u.system) / 1000 }
const index = entitlementIndex(worldOf({ users: 10000, dataSources: 10000 }), now)
const took: any = { grant: [], guardrail: [] }
for (let at = 0; at < 15; at++) for (const kind of ['grant', 'guardrail'] as const) {
  const row = { id: 99, version: at + 1, name: 'x', kind, level: 'READ', reach: 'global', subscribe: 'automatic', appliesTo: { everything: true }, who: whenOf(`@hasAttribute('country', 'FR') AND NOT @isInGroups('Group ${1 + (at % 16)}')`) } as unknown as Policy
  const t = cpu(); preview(index, [{ entity: 'policy', id: row.id, row }]); took[kind].push(cpu() - t)
}
for (const k in took) { const x = took[k].toSorted((a: number, b: number) => a - b); console.log(k, 'min', x[0].toFixed(0), 'med', x[7].toFixed(0), 'max', x[14].toFixed(0)) }
