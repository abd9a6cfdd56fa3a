/** `headgate migrate`: makes the database ready as its owner, so that servers need not know the owner's password. */
import { type Config, prepare } from '@headgate/server'
import { Refused } from './refused.ts'

export async function migrateCommand(config: Config): Promise<void> {
  if (config.DATABASE_URL === undefined)
    throw new Refused(
      'there is no database to migrate: the embedded one is brought up to date at each start',
      'set DATABASE_URL to the role of the servers, and DATABASE_OWNER_URL to the owner of the tables',
    )
  await prepare(config, line => void process.stderr.write(`${line}\n`))
  process.stdout.write('the database is ready\n')
}
