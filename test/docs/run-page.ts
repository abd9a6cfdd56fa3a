/**
 * Carries out what a page tells its reader to type, in one shell from top to bottom, and holds what is printed against what the
 * page shows. Blocks are marked by a comment above them, which readers do not see:
 *
 *     <!-- runs -->                       a command that must succeed; of `ts`, a program
 *     <!-- runs, exits 2 -->              one that must end with that code
 *     <!-- runs until it prints -->       tried again, for up to 20 s, until it prints what the next block shows
 *     <!-- prints -->                     what the block before must have printed
 *
 * In what is printed `…` stands for anything within a line, and alone in a line for any number of lines; how many spaces there are
 * does not matter.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Block, Page } from './page.ts'

export interface Shell {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
}

export function isRun({ note }: Block): boolean {
  return /^runs\b/.test(note)
}

/** The first thing that did not go as the page says; undefined when all did. */
export async function runPage(page: Page, { cwd, env }: Shell): Promise<string | undefined> {
  const folder = await mkdtemp(path.join(tmpdir(), 'headgate-page-'))
  const shell = spawn('bash', ['--noprofile', '--norc'], { cwd, env, stdio: ['pipe', 'pipe', 'inherit'] })
  const done = createInterface({ input: shell.stdout })[Symbol.asyncIterator]()
  const [step, out] = [path.join(folder, 'step'), path.join(folder, 'out')]
  try {
    for (const [n, block] of page.blocks.entries()) {
      if (!isRun(block)) continue
      const next = page.blocks[n + 1]
      const shown = next?.note === 'prints' ? next.text : undefined
      const exits = Number(/exits (\d+)/.exec(block.note)?.[1] ?? 0)
      await writeFile(step, block.text)
      const run =
        block.language === 'ts' ? `node --input-type=module-typescript < '${step}'` : `. '${step}' < /dev/null`
      for (let attempt = 0; ; attempt++) {
        shell.stdin.write(`${run} > '${out}' 2>&1; echo "$?"\n`)
        const code = Number((await done.next()).value ?? Number.NaN)
        const printed = await readFile(out, 'utf8')
        const isRight = code === exits && (shown === undefined || matches(printed, shown))
        if (isRight) break
        if (block.note === 'runs until it prints' && attempt < 40) await sleep(500)
        else
          return `${page.file}:${block.line} ended with ${code} and printed\n${printed}instead of\n${shown ?? '(anything)'}`
      }
    }
    return undefined
  } finally {
    shell.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
}

export function matches(printed: string, shown: string): boolean {
  const lines = shown.trim().split('\n').map(tidy)
  const pattern = lines.map(line => (line === '…' ? '(?:.*\n)*?' : `${within(line)}\n`)).join('')
  return new RegExp(`^${pattern}$`).test(`${printed.trim().split('\n').map(tidy).join('\n')}\n`)
}

function within(line: string): string {
  return line
    .split('…')
    .map(part => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    .join('.*')
}

function tidy(line: string): string {
  return line.replaceAll(/\s+/g, ' ').trim()
}
