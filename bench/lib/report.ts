/** What a benchmark says: one object of the form of page 11, or the same as a table for people. */
import os from 'node:os'

export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: string
  /** The figure to reach; absent where it is only recorded. */
  readonly reach?: number
  readonly better: 'higher' | 'lower'
}

export interface Bench {
  /** Every setting that matters to the figures. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly figures: readonly Figure[]
}

export function reportOf(bench: string, { settings, figures }: Bench) {
  return {
    bench,
    date: new Date().toISOString(),
    machine: `${os.cpus()[0]?.model ?? 'unknown'} × ${os.cpus().length}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.version}`,
    settings,
    figures: figures.map(({ value, reach, better, ...rest }) => ({
      ...rest,
      value: Number(value.toPrecision(6)),
      reach: reach ?? null,
      better,
      holds: reach === undefined || (better === 'higher' ? value >= reach : value <= reach),
    })),
  }
}

export function tableOf({ bench, date, machine, settings, figures }: ReturnType<typeof reportOf>): string {
  const rows = figures.map(({ name, value, unit, reach, better, holds }) => {
    const goal =
      reach === null ? '' : `${better === 'higher' ? '≥' : '≤'} ${reach} ${holds ? 'holds' : 'DOES NOT HOLD'}`
    return `  ${name.padEnd(64)} ${String(value).padStart(12)} ${unit.padEnd(16)} ${goal}`
  })
  return [`${bench}  ${date}  ${machine}`, `  ${JSON.stringify(settings)}`, ...rows].join('\n')
}

export function milliseconds<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const start = performance.now()
  const result = work()
  return { ms: performance.now() - start, result }
}

/** Median and spread of a handful of runs. */
export function spreadOf(values: readonly number[]) {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { median: at(0.5), p99: at(0.99), min: sorted[0]!, max: sorted.at(-1)! }
}
