/** Tells a story step by step, with milliseconds, and how it ended. */

export interface Narrator {
  /** Does one step and prints it; `says` of its result, when there, is printed as well. */
  step<T>(title: string, work: () => Promise<T>): Promise<T>
  /** Looks until it is so; throws after ten seconds. */
  until(what: string, isSo: () => Promise<boolean>): Promise<void>
  /** Prints the ending and sets the exit code. */
  finish(surprise: unknown): void
}

export function narrator(): Narrator {
  let count = 0
  return {
    async step(title, work) {
      count += 1
      const started = performance.now()
      const label = `${String(count).padStart(2)}. ${title}`
      try {
        const result = await work()
        const ms = Math.round(performance.now() - started)
        const says = hasSays(result) ? `\n      ${result.says}` : ''
        process.stdout.write(`ok ${label.padEnd(76)} ${String(ms).padStart(6)} ms${says}\n`)
        return result
      } catch (error) {
        process.stdout.write(`!! ${label}\n`)
        throw error
      }
    },
    async until(what, isSo) {
      const deadline = performance.now() + 10_000
      while (!(await isSo())) {
        if (performance.now() > deadline) throw new Error(`waited ten seconds, and still not: ${what}`)
        await new Promise(resolve => setTimeout(resolve, 20))
      }
    },
    finish(surprise) {
      if (surprise === undefined) {
        process.stdout.write(`\nAll ${count} steps as expected.\n`)
        return
      }
      process.stdout.write(`\nStep ${count} surprised:\n${surprise instanceof Error ? surprise.stack : surprise}\n`)
      process.exitCode = 1
    },
  }
}

function hasSays(result: unknown): result is { says: string } {
  return typeof result === 'object' && result !== null && 'says' in result
}
