/** What an import did, or would do: counted, and the first changes told. */

export interface ImportChange {
  /** Absent: what no line says any more. */
  readonly line?: number
  readonly change: 'added' | 'changed' | 'removed'
  /** `user ann`, `ann in Analysts` … */
  readonly what: string
}

/** An answer that lists more helps nobody; the file has the rest. */
const mostTold = 100

export class Report {
  readonly counts = { added: 0, changed: 0, removed: 0, unchanged: 0, leftAlone: 0 }
  readonly changes: ImportChange[] = []

  say(change: ImportChange): void {
    this.counts[change.change] += 1
    if (this.changes.length < mostTold) this.changes.push(change)
  }

  /** Lines that say what is so already, and lines of another source. */
  pass(how: 'unchanged' | 'leftAlone', count = 1): void {
    this.counts[how] += count
  }

  get isNothing(): boolean {
    const { added, changed, removed } = this.counts
    return added + changed + removed === 0
  }
}
