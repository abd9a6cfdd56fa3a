/** What a law is, and how every law is held against a world, so that each world is built once for all of them. */
import { test } from 'node:test'
import { type Given, givenOf } from './given.ts'

export interface Law {
  readonly name: string
  /** Only every so many worlds, by their seeds: for a law much dearer than the others. */
  readonly share?: number
  /** Throws where the law does not hold. What is given is shared by all laws, and stays as it is. */
  readonly check: (given: Given) => void
  /** What has to be so of all the worlds together. */
  readonly after?: (worlds: number) => void
}

/** One test for each law. The worlds go by before, as each is given to all laws at once. */
export function holdLaws(laws: readonly Law[], seeds: readonly number[]): void {
  const seen = new Map(laws.map(law => [law, 0]))
  const broken = new Map<Law, Error>()
  test(`${laws.length} laws in ${seeds.length} worlds from seed ${seeds[0]}`, async t => {
    for (const seed of seeds) {
      const given = givenOf(seed)
      for (const law of laws) {
        if (broken.has(law) || seed % (law.share ?? 1) !== 0) continue
        seen.set(law, seen.get(law)! + 1)
        try {
          law.check(given)
        } catch (cause) {
          const why = cause instanceof Error ? cause.message : String(cause)
          const where = `in the world of seed ${seed} (HEADGATE_SEED=${seed} HEADGATE_WORLDS=1)`
          broken.set(law, new Error(`${where}: ${why}`, { cause }))
        }
      }
    }
    for (const law of laws) {
      await t.test(law.share ? `${law.name} (${seen.get(law)} worlds)` : law.name, () => {
        if (broken.has(law)) throw broken.get(law)
        law.after?.(seen.get(law)!)
      })
    }
  })
}
