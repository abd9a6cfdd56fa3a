/** What is wrong with a file, line by line: all of it is counted, the first thousand are told. */
import { Problem } from '@headgate/core/api'

export interface Finding {
  /** 1 is the header; absent: not one line's. */
  readonly line?: number
  readonly column?: string
  readonly message: string
}

/** An answer that lists more helps nobody. */
const most = 1000

export class Findings {
  #count = 0
  readonly #told: Finding[] = []

  add(finding: Finding): void {
    this.#count += 1
    if (this.#told.length < most) this.#told.push({ ...finding, message: shown(finding.message) })
  }

  /** @throws Problem `import-refused` where there is anything at all */
  refuse(): void {
    const findings = this.#told.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity))
    const [first] = findings
    if (!first) return
    const where = first.line === undefined ? '' : `line ${first.line}: `
    throw new Problem('import-refused', { count: this.#count, first: where + first.message, findings })
  }
}

/** Cells may hold anything of any length. */
function shown(message: string): string {
  const plain = message.toWellFormed().replaceAll(/\p{Cc}/gu, '\ufffd')
  return plain.length > 500 ? `${plain.slice(0, 500)}…` : plain
}
