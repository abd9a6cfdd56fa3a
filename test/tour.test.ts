/** The tour is the main job: it must end well for whoever tries it first. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const isLong = Boolean(process.env.HEADGATE_TEST_LONG)
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))

for (const [name, options, says] of [
  ['the tour', [], /first line: city,people/],
  ['the tour with a person of Identity Center', ['--identity-center'], /first line: city,people/],
  ['the tour of exports', ['--export'], /12 files/],
  ['the tour of the marketplace', ['--marketplace'], /first line: city,people/],
  // Types four dozen commands, each a process of its own.
  ['the tour of commands', ['--cli'], /^ +city,people$/m],
] as const) {
  const skip = name === 'the tour of commands' && !isLong && 'takes half a minute: npm run test:long'
  test(`${name} runs to its end, each step as expected`, { skip }, async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ['scripts/tour.ts', ...options], { cwd: root })
    const steps = stdout.split('\n').filter(line => /^ok +\d+\. /.test(line))
    assert.ok(steps.length >= 10, stdout)
    assert.match(stdout, says)
    assert.match(stdout, /All \d+ steps as expected/)
  })
}
