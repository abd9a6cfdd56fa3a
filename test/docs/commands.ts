/** Command lines of `headgate` that pages show, held against the commands that there are. */
import type { commandTree } from '../../scripts/command-line-page.ts'
import type { Page } from './page.ts'

type Command = Awaited<ReturnType<typeof commandTree>>

const shells = ['sh', 'bash', 'yaml', 'ini', 'console']
const called = /(?<![\w/.-])(?:npm run (?:--silent |-s )?headgate --|(?:npx )?headgate)(?= )/g

/** What is wrong with each command line of a page: no such command, no such option. */
export function unknownCommands(page: Page, program: Command): string[] {
  return commandLines(page).flatMap(words => {
    const wrong = unknownIn(program, words)
    return wrong === undefined ? [] : [`${page.file}: headgate ${words.join(' ')}: ${wrong}`]
  })
}

/** The words after `headgate`, quotes taken off, up to where the shell goes on to something else. */
function commandLines({ blocks, spans }: Page): string[][] {
  const inBlocks = blocks
    .filter(({ language }) => shells.includes(language))
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map(line => line.replace(/(^|\s)#.*$/, ''))
    .flatMap(line => [...line.matchAll(called)].map(found => line.slice(found.index + found[0].length)))
  const inSpans = spans.flatMap(span => {
    const [start] = span.matchAll(called)
    return start?.index === 0 ? [span.slice(start[0].length)] : []
  })
  return [...inBlocks, ...inSpans].map(wordsOf)
}

function wordsOf(line: string): string[] {
  const words: string[] = []
  for (const [word, ends] of line.matchAll(/(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"'|;&<>)])+|([|;&<>)])/g)) {
    if (ends !== undefined) break
    words.push(word.replaceAll(/["']/g, ''))
  }
  return words
}

function unknownIn(program: Command, words: readonly string[]): string | undefined {
  let command = program
  for (let n = 0; n < words.length; n++) {
    const word = words[n] ?? ''
    if (word.startsWith('-') && word !== '-') {
      const [name = ''] = word.split('=')
      const option = command.options.find(({ long, short }) => long === name || short === name)
      if (option === undefined && !['--help', '-h'].includes(name)) return `no option ${name}`
      if ((option?.required || option?.optional) && !word.includes('=')) n++
    } else if (command.commands.length > 0) {
      const next = command.commands.find(one => one.name() === word)
      // `headgate …`, `headgate "$@"`: any of them.
      if (/^[…$<]/.test(word)) return undefined
      if (next === undefined) return `no command ${word}`
      command = next
    }
  }
  return undefined
}
