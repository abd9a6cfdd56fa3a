/** `headgate migrate`: makes the database ready as its owner, so that servers need not know the owner's password. */
import { type Config, prepare } from '@headgate/server'

export async function migrateCommand(config: Config): Promise<void> {
  if (config.DATABASE_URL === undefined) {
    process.stderr.write(
      'set DATABASE_URL to the role of the servers, and DATABASE_OWNER_URL to the owner of the tables\n',
    )
    process.exitCode = 2
    return
  }
  await prepare(config, line => void process.stderr.write(`${line}\n`))
  process.stdout.write('the database is ready\n')
}
