/** `npm run check`: types, lint and format, dead code, the dependency rule. Runs all, fails if any fails. */
import { spawnSync } from 'node:child_process'

const checks: readonly [name: string, command: string, ...args: string[]][] = [
  ['types', 'tsc', '--noEmit', '-p', 'tsconfig.json'],
  ['types of the web app', 'tsc', '--noEmit', '-p', 'packages/web/tsconfig.json'],
  ['lint and format', 'biome', 'check', '--error-on-warnings'],
  ['dead code', 'knip'],
  ['dependency rule and import cycles', 'node', '--test', '--test-reporter=dot', 'test/architecture.test.ts'],
]

const failed = checks.filter(([name, command, ...args]) => {
  const started = performance.now()
  const result = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, FORCE_COLOR: '0' } })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const ok = result.status === 0
  process.stdout.write(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)\n`)
  if (!ok) process.stdout.write(`${result.stdout}${result.stderr}${result.error?.message ?? ''}\n`)
  return !ok
})
process.exitCode = failed.length === 0 ? 0 : 1
