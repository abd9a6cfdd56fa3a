/**
 * The benchmarks measure and do not judge, so here they only have to run: in their smallest size, so that they never rot. Those that
 * take longest even so run in `npm run test:long`.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const names = globSync('bench/*.ts', { cwd: root })
  .map(file => path.basename(file, '.ts'))
  .filter(name => name !== 'run')
const slow = new Set(['approval', 'drift', 'expiry', 'preview', 'provision', 'scim', 'start'])
const isLong = Boolean(process.env.HEADGATE_TEST_LONG)

test('there are benchmarks', () => assert.ok(names.length >= 5))

for (const name of names.filter(name => isLong || !slow.has(name))) {
  test(`the benchmark ${name} prints one object, each figure with its unit and what it should reach`, async () => {
    const options = ['bench/run.ts', name, '--smoke', '--json']
    const { stdout } = await promisify(execFile)(process.execPath, options, { cwd: root })
    const report = JSON.parse(stdout)
    assert.equal(report.bench, name)
    for (const field of ['date', 'machine', 'settings']) assert.ok(report[field], field)
    assert.ok(report.figures.length > 0)
    for (const figure of report.figures) {
      assert.deepEqual(
        [typeof figure.name, typeof figure.value, typeof figure.unit, typeof figure.holds],
        ['string', 'number', 'string', 'boolean'],
        JSON.stringify(figure),
      )
      assert.ok(['higher', 'lower'].includes(figure.better))
    }
  })
}
