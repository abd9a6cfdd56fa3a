/** `npx headgate up --demo` of an installed package, as somebody who read one line of the README does it. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { Ready } from '../../packages/cli/src/ready.ts'
import type { Alone } from './alone.ts'

export interface Demo {
  readonly ready: Ready
  /** Ends it as Ctrl-C does. Throws when it ended otherwise than in order, or something of it still listens. */
  end(): Promise<void>
}

const longestStartMs = 180_000

export async function startDemo({ folder }: Alone): Promise<Demo> {
  const readyFile = path.join(folder, 'ready.json')
  const ports = ['--port', '0', '--sandbox-port', '0']
  const child = spawn('npx', ['headgate', 'up', '--demo', ...ports, '--data-dir', 'data', '--ready-file', readyFile], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const channel of [child.stdout, child.stderr]) channel.on('data', (bytes: Buffer) => (printed += bytes))
  const ready = await untilReady(child, readyFile, () => printed)
  return {
    ready,
    async end() {
      const ended = once(child, 'exit')
      process.kill(ready.pid, 'SIGTERM')
      const [code] = await ended
      if (code !== 0) throw new Error(`it ended with ${code}:\n${printed}`)
      for (const url of [ready.url, ready.sandbox.endpoint]) {
        if (
          await fetch(url).then(
            () => true,
            () => false,
          )
        )
          throw new Error(`${url} still answers`)
      }
    },
  }
}

async function untilReady(child: ChildProcess, file: string, printed: () => string): Promise<Ready> {
  const deadline = performance.now() + longestStartMs
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}:\n${printed()}`)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text) as Ready
    await setTimeout(100)
  }
  child.kill()
  throw new Error(`it was not ready after ${longestStartMs / 1000} s:\n${printed()}`)
}
