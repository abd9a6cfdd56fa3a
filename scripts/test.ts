/**
 * `npm test`: runs every test file once, on one PostgreSQL, and closes with the line `N passed, N failed`.
 *
 * Arguments are parts of file names: `npm test -- policy scope` runs only the files that contain one of them.
 * `--long` takes the sizes of `npm run test:long`: after the files, the laws of core in 200,000 worlds, part by part, two
 * at a time; `HEADGATE_SEED` and `HEADGATE_WORLDS` choose others. A run in which nothing ran has failed.
 */
import { globSync } from 'node:fs'
import { run } from 'node:test'
import { spec } from 'node:test/reporters'
import { startTestCluster } from '../packages/server/test/support/cluster.ts'
import { holdLawsInParts, lawsFile } from './laws-in-parts.ts'

const minutes = 60_000
const long = process.argv.includes('--long')
const wanted = process.argv.slice(2).filter(argument => !argument.startsWith('--'))
const found = globSync(['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'], { exclude: ['**/node_modules/**'] })
  .filter(file => wanted.length === 0 || wanted.some(part => file.includes(part)))
  // What crosses packages takes longest, and so begins first: nothing long is left for the end.
  .toSorted((a, b) => Number(b.startsWith('test')) - Number(a.startsWith('test')) || (a < b ? -1 : 1))
const files = found.filter(file => !long || file !== lawsFile)

const cluster = await startTestCluster()
process.env.HEADGATE_TEST_DATABASE_URL = cluster.url
if (long) process.env.HEADGATE_TEST_LONG = '1'

let passed = 0
let failed = 0
let done = 0
// A server that is killed at every statement takes its time; nothing may hang for ever.
// Three at a time on two cores: tests of servers wait more than they work.
const results = run({ files, concurrency: 3, timeout: (long ? 60 : 10) * minutes })
const begun = performance.now()
const progress = setInterval(() => {
  const since = Math.round((performance.now() - begun) / minutes)
  if (long) process.stdout.write(`\n… ${done} of ${files.length} files done after ${since} minutes\n`)
}, 5 * minutes).unref()
results.on('test:summary', summary => {
  // One summary a file, then one for the whole, which has no file.
  if (summary.file !== undefined) {
    done++
    return
  }
  clearInterval(progress)
  const { tests, skipped, todo } = summary.counts
  passed = summary.counts.passed
  // A cancelled test did not pass either: a suite cut short has failed.
  failed = tests - passed - skipped - todo
})
const printed = results.compose(spec)
printed.pipe(process.stdout)
await new Promise(resolve => printed.on('end', resolve))
await cluster.stop()

if (found.length > files.length) {
  const worlds = {
    first: Number(process.env.HEADGATE_SEED ?? 1),
    count: Number(process.env.HEADGATE_WORLDS ?? 200_000),
  }
  const laws = await holdLawsInParts(worlds, 2)
  passed += laws.passed
  failed += laws.failed
}

process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
