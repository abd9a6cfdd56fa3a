/** A page of documentation as what can be checked of it: links, anchors, code, and fenced blocks with the comment above them. */

export interface Block {
  readonly language: string
  readonly text: string
  /** The HTML comment on the line above it, which readers do not see: `runs`, `prints`, `body of POST /tags`. */
  readonly note: string
  readonly line: number
}

export interface Page {
  /** From the root of the repository. */
  readonly file: string
  readonly text: string
  readonly blocks: readonly Block[]
  /** Code inside sentences and tables. */
  readonly spans: readonly string[]
  readonly links: readonly string[]
  readonly anchors: ReadonlySet<string>
}

export function readPage(file: string, text: string): Page {
  const blocks: Block[] = []
  const prose: string[] = []
  const headings: string[] = []
  let open: { fence: string; language: string; from: number; lines: string[] } | undefined
  let note = ''
  for (const [n, line] of text.split('\n').entries()) {
    const [, fence, language = ''] = /^\s*(```+)(\S*)/.exec(line) ?? []
    if (open !== undefined) {
      if (fence?.startsWith(open.fence) && language === '') {
        blocks.push({ language: open.language, text: `${open.lines.join('\n')}\n`, note, line: open.from })
        open = undefined
        note = ''
      } else open.lines.push(line)
    } else if (fence !== undefined) open = { fence, language, from: n + 2, lines: [] }
    else {
      note = /^<!-- (.*) -->$/.exec(line)?.[1] ?? (line.trim() === '' ? note : '')
      prose.push(line)
      const heading = /^#+ +(.*)$/.exec(line)?.[1]
      if (heading !== undefined) headings.push(heading)
    }
  }
  const said = prose.join('\n')
  return {
    ...{ file, text, blocks },
    spans: [...said.matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? ''),
    links: [...said.replaceAll(/`[^`\n]+`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? ''),
    anchors: anchorsOf(headings),
  }
}

/** As GitHub makes them of headings. */
function anchorsOf(headings: readonly string[]): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const heading of headings) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-')
    let n = 0
    while (anchors.has(n === 0 ? anchor : `${anchor}-${n}`)) n++
    anchors.add(n === 0 ? anchor : `${anchor}-${n}`)
  }
  return anchors
}
