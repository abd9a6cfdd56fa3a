/** `headgate up` as typed: options over environment over defaults, then a page that says where to click. */
import path from 'node:path'
import type { Config } from '@headgate/server'
import { untilToldToLeave } from './leave.ts'
import { webAppFolder } from './package-files.ts'
import { printReady } from './print-ready.ts'
import { up } from './up.ts'

export interface UpFlags {
  readonly demo?: true
  readonly empty?: true
  readonly port?: number
  readonly sandboxPort?: number
  readonly dataDir?: string
  readonly readyFile?: string
  readonly webDir?: string
}

type Environment = Readonly<Record<string, string | undefined>>

export async function upCommand(
  flags: UpFlags,
  readConfig: (environment: Environment) => Config,
  environment: Environment,
): Promise<void> {
  const config = readConfig({
    // Logs of a demo would scroll away what it prints; errors still show.
    ...(flags.demo && { HEADGATE_LOG_LEVEL: 'warn' }),
    ...environment,
    ...(flags.port !== undefined && { HEADGATE_PORT: String(flags.port) }),
    ...(flags.dataDir !== undefined && { HEADGATE_DATA_DIR: flags.dataDir }),
  })
  const webDir = flags.webDir === undefined ? webAppFolder() : path.resolve(flags.webDir)
  // Asked for before anything is started: Ctrl-C during the start is an orderly end as well.
  const told = untilToldToLeave()
  const running = await up({
    config,
    demo: flags.demo ? (flags.empty ? 'empty' : 'acme') : 'none',
    // A port that was asked for by name is used or refused; a default gives way to the next free one.
    portMayMove: flags.port === undefined && environment.HEADGATE_PORT === undefined,
    sandboxPort: flags.sandboxPort ?? 4566,
    ...(flags.readyFile !== undefined && { readyFile: flags.readyFile }),
    ...(webDir !== undefined && { webDir }),
  })
  process.stdout.write(printReady(running))
  const link = running.ready === undefined ? await running.server.setUpLink() : undefined
  if (link !== undefined) {
    // To a terminal and not to the log, which others may read.
    process.stderr.write(`First start. Make the first admin here, once and within a day: ${link}\n`)
  }
  const why = await told
  process.stdout.write(`\n${why}: stopping …\n`)
  await running.close()
  // The channel to whoever started us would keep an ended process alive.
  if (process.connected) process.disconnect()
}
