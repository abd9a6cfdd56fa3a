/** Explain, who and what: single questions against a warm index. */
import { entitlementIndex, explain, whatIsReached, whoReaches } from '@headgate/core'
import { randomOf } from './lib/random.ts'
import { type Bench, milliseconds, spreadOf } from './lib/report.ts'
import { now, worldOf } from './lib/world.ts'

export function measure(smoke: boolean): Bench {
  const [users, dataSources, times] = smoke ? [300, 300, 10] : [100_000, 100_000, 500]
  const facts = worldOf({ users, dataSources })
  const index = entitlementIndex(facts, now)
  const random = randomOf(3)
  const user = () => random.pick(facts.users).id
  const dataSource = () => random.pick(facts.dataSources).id
  const questions = {
    'explain a user and a data source': () => explain(index, { user: user(), dataSource: dataSource() }),
    'who reaches a data source, 100 rows': () => whoReaches(index, dataSource()),
    'what a user reaches, 100 rows': () => whatIsReached(index, user()),
  }
  const figures = Object.entries(questions).flatMap(([name, ask]) => {
    // Warm: audiences that are asked for again and again are there.
    for (let at = 0; at < times; at++) ask()
    const { median, p99, max } = spreadOf(Array.from({ length: times }, () => milliseconds<unknown>(ask).ms))
    return [
      { name: `${name}: p99`, value: p99, unit: 'ms', better: 'lower', ...(smoke ? {} : { reach: 20 }) },
      { name: `${name}: median`, value: median, unit: 'ms', better: 'lower' },
      { name: `${name}: slowest`, value: max, unit: 'ms', better: 'lower' },
    ] as const
  })
  return { settings: { users, dataSources, times, policies: facts.policies.length }, figures }
}
