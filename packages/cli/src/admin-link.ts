/** `headgate admin-link`: a way back in for whoever holds the machine. Prints the link to the terminal, and nowhere else. */
import { Problem } from '@headgate/core/api'
import { adminLink, type Config } from '@headgate/server'
import { exits } from './exits.ts'

export interface AdminLinkFlags {
  readonly user?: string
  readonly dataDir?: string
  readonly switchOn?: true
}

type Environment = Readonly<Record<string, string | undefined>>

export async function adminLinkCommand(
  flags: AdminLinkFlags,
  readConfig: (environment: Environment) => Config,
  environment: Environment,
): Promise<void> {
  const config = readConfig({
    ...environment,
    ...(flags.dataDir !== undefined && { HEADGATE_DATA_DIR: flags.dataDir }),
  })
  const { user: userid, switchOn } = flags
  try {
    const link = await adminLink(config, { ...(userid !== undefined && { userid }), ...(switchOn && { switchOn }) })
    const address = link.publicUrl ?? `http://${config.HEADGATE_HOST}:${config.HEADGATE_PORT}`
    const what = userid === undefined ? 'Makes another admin' : `Sets the password of ${userid}`
    process.stdout.write(`${what}, once, until ${link.expiresAt.toISOString()}:\n${address}${link.path}\n`)
    if (link.publicUrl === null) process.stdout.write('Put your own address in front when Headgate is elsewhere.\n')
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    const hint = error.code === 'local-accounts-off' ? '; --switch-on switches it on again' : ''
    process.stderr.write(`${error.code === 'user-not-found' ? `nobody is called ${userid}` : error.message}${hint}\n`)
    process.exitCode = exits.failed
  }
}
