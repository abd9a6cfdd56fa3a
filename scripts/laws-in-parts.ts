/**
 * The laws of core in very many worlds: some thousand at a time, each part a process of its own, on as many cores as are given.
 *
 * Says after each part how far it is and from where to go on, should it be cut short. A part in which a law is broken
 * prints all it has to say, and the others go on.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

export const lawsFile = 'packages/core/test/laws.test.ts'

export interface Worlds {
  /** The first seed. */
  readonly first: number
  readonly count: number
}

export interface Counts {
  passed: number
  failed: number
}

const partSize = 5_000

export async function holdLawsInParts({ first, count }: Worlds, processes: number): Promise<Counts> {
  const counts: Counts = { passed: 0, failed: 0 }
  const parts = partsOf({ first, count })
  const open = new Set(parts)
  const waiting = parts.values()
  const begun = performance.now()
  let held = 0

  async function work(): Promise<void> {
    for (const part of waiting) {
      const { passed, failed } = await holdIn(part)
      counts.passed += passed
      counts.failed += failed
      open.delete(part)
      if (failed === 0) held += part.count
      const minutes = Math.round((performance.now() - begun) / 60_000)
      process.stdout.write(`… the laws hold in ${held} of ${count} worlds after ${minutes} minutes${goOn()}\n`)
    }
  }

  function goOn(): string {
    const [next] = open
    if (!next) return ''
    return `; to go on: HEADGATE_SEED=${next.first} HEADGATE_WORLDS=${first + count - next.first}`
  }

  await Promise.all(Array.from({ length: processes }, work))
  return counts
}

async function holdIn({ first, count }: Worlds): Promise<Counts> {
  const env = { ...process.env, HEADGATE_SEED: String(first), HEADGATE_WORLDS: String(count) }
  const test = spawn(process.execPath, ['--test', '--test-reporter=tap', lawsFile], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said, code] = await Promise.all([
    text(test.stdout),
    new Promise<number | null>(resolve => test.once('close', resolve)),
  ])
  const [passed, tests] = [numberIn(said, 'pass'), numberIn(said, 'tests')]
  // Whatever did not pass has failed, and so has a process that ended otherwise than well.
  const failed = Math.max(tests - passed, code === 0 && passed > 0 ? 0 : 1)
  if (failed > 0) process.stdout.write(`\nworlds from seed ${first}:\n${said}\n`)
  return { passed, failed }
}

function numberIn(tap: string, name: string): number {
  return Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(tap)?.[1] ?? 0)
}

function partsOf({ first, count }: Worlds): Worlds[] {
  return Array.from({ length: Math.ceil(count / partSize) }, (_, at) => ({
    first: first + at * partSize,
    count: Math.min(partSize, count - at * partSize),
  }))
}
