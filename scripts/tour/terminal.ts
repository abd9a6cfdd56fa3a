/**
 * A terminal for a tour: lines are typed into a real shell, in a folder and a home of their own, with `headgate` in the PATH. What was
 * typed and what came is kept for the telling; a line that ends otherwise than expected throws with all of it.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export interface Terminal {
  readonly home: string
  /** Runs a line as typed; answers what it printed on both channels, in this order: stdout, stderr. @param code that it ends with */
  type(line: string, code?: number): Promise<string>
  /** What a line prints as JSON; not told. */
  read<T>(line: string): Promise<T>
  write(file: string, text: string): Promise<void>
  /** Whether a program is on this machine. */
  has(program: string): Promise<boolean>
  /** What was typed since the last call and what came, to be told. */
  told(): string
}

const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
/** Of what a line printed, as much is told. */
const toldLines = 14

export async function openTerminal(home: string, environment: Readonly<Record<string, string>>): Promise<Terminal> {
  const bin = path.join(home, 'bin')
  await mkdir(bin, { recursive: true })
  await writeFile(path.join(bin, 'headgate'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`)
  await chmod(path.join(bin, 'headgate'), 0o755)
  // Every command is a process of its own, which would read its code anew.
  const env = {
    NODE_COMPILE_CACHE: path.join(home, 'compiled'),
    HOME: home,
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    ...environment,
  }
  let transcript: string[] = []

  const run = async (line: string) => {
    const child = spawn('sh', ['-c', line], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
    const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), ended])
    return { stdout, stderr, code }
  }
  return {
    home,
    async type(line, code = 0) {
      const ended = await run(line)
      const printed = `${ended.stdout}${ended.stderr}`
      assert.equal(ended.code, code, `\`${line}\` ended with ${ended.code}, not ${code}:\n${printed}`)
      transcript.push(`$ ${line}`, ...shortened(printed), ...(code === 0 ? [] : [`(exit code ${code})`]))
      return printed
    },
    async read(line) {
      const { stdout, stderr, code } = await run(line)
      assert.equal(code, 0, `\`${line}\` ended with ${code}:\n${stderr}`)
      return JSON.parse(stdout)
    },
    async write(file, text) {
      await mkdir(path.dirname(path.join(home, file)), { recursive: true })
      await writeFile(path.join(home, file), text, { mode: 0o600 })
    },
    has: async program => (await run(`${program} --version`)).code === 0,
    told() {
      const lines = transcript
      transcript = []
      return lines.join('\n      ')
    },
  }
}

function shortened(printed: string): string[] {
  const lines = printed.trimEnd() === '' ? [] : printed.trimEnd().split('\n')
  const left = lines.length - toldLines
  return left <= 0 ? lines : [...lines.slice(0, toldLines), `… ${left} more lines`]
}
