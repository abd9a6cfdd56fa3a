/** The workflow that we tell people to copy: its commands are there, its rights are few, and a plan with steps is no failure. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { parse } from 'yaml'
import { exits } from '../packages/cli/src/exits.ts'

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly if?: string
  readonly env?: Readonly<Record<string, string>>
}
interface Workflow {
  readonly permissions: object
  readonly jobs: Readonly<Record<string, { readonly permissions: object; readonly steps: readonly Step[] }>>
}

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const main = path.join(root, 'packages/cli/src/main.ts')
const text = await readFile(path.join(root, 'examples/github-action/headgate.yml'), 'utf8')
const workflow: Workflow = parse(text)
const steps = Object.values(workflow.jobs).flatMap(job => job.steps)
const scripts = steps.flatMap(({ run }) => run ?? [])

describe('the GitHub Action', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'headgate-action-'))
  })
  after(() => rm(folder, { recursive: true }))

  test('it may read the repository and write the comment, and nothing else', () => {
    assert.deepEqual(workflow.permissions, {})
    const { plan, apply } = workflow.jobs
    assert.deepEqual(plan?.permissions, { contents: 'read', 'pull-requests': 'write' })
    assert.deepEqual(apply?.permissions, { contents: 'read' })
  })

  test('actions are of a version, and what comes from outside is never put into a script', () => {
    for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^actions\/[a-z-]+@(v\d+|[0-9a-f]{40})$/)
    for (const script of scripts) assert.doesNotMatch(script, /\$\{\{/)
    // A key is there for the one step that speaks to the server.
    for (const { env, run } of steps)
      assert.equal('HEADGATE_API_KEY' in (env ?? {}), /headgate (plan|apply)/.test(run ?? ''))
  })

  test('every command in it is one of ours, with options that it has', async () => {
    const typed = new Set(scripts.flatMap(script => script.match(/headgate [^>|;\n]+/g) ?? []).map(line => line.trim()))
    assert.ok(typed.size >= 5, [...typed].join())
    const known = await Promise.all(
      [...typed].map(async line => {
        const words = line.split(' ').slice(1)
        const command = words.filter(
          (word, at) => !word.startsWith('-') && (at === 0 || words[0] === 'policy') && at < 2,
        )
        const { stdout } = await promisify(execFile)(process.execPath, [main, ...command, '--help'])
        return (
          words.filter(word => word.startsWith('--')).every(option => stdout.includes(option)) &&
          stdout.startsWith(`Usage: headgate ${command.join(' ')}`)
        )
      }),
    )
    assert.ok(known.every(Boolean), [...typed].join('\n'))
  })

  const ends = [
    { code: exits.well, commented: true, applied: 0, isApplied: false },
    { code: exits.found, commented: true, applied: 0, isApplied: true },
    { code: exits.failed, commented: true, applied: 1, isApplied: false },
  ]
  for (const { code, commented, applied, isApplied } of ends) {
    test(`a plan that ends with ${code} is commented on, and applied only where there is something to do`, async () => {
      // Stands for `npx`: says what it was asked, and ends as a plan would.
      const npx = `#!/bin/sh\necho "$*" >> calls.txt\ncase "$*" in *" plan "*) exit ${code};; esac\n`
      await writeFile(path.join(folder, 'npx'), npx)
      await chmod(path.join(folder, 'npx'), 0o755)
      await writeFile(path.join(folder, 'calls.txt'), '')
      const env = { PATH: `${folder}:${process.env.PATH}`, GITHUB_OUTPUT: 'output', GITHUB_STEP_SUMMARY: 'summary' }
      const run = (script: string) =>
        spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: folder, env }).status
      const of = (name: string) => steps.find(step => step.name === name)?.run ?? ''
      assert.equal(run(of('Plan')) === 0, commented)
      assert.match(await readFile(path.join(folder, 'output'), 'utf8'), new RegExp(`code=${code}\n$`))
      assert.equal(run(of('Plan, and carry out exactly that')), applied)
      assert.equal((await readFile(path.join(folder, 'calls.txt'), 'utf8')).includes('apply plan.json'), isApplied)
    })
  }
})
