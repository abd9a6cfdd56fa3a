/** `headgate`: the only place of the command line that reads the environment, writes to the terminal and exits. */
import { readConfig } from '@headgate/server'
import { Command, InvalidArgumentError } from 'commander'
import { adminLinkCommand } from './admin-link.ts'
import { auditVerifyCommand } from './audit-verify.ts'
import { migrateCommand } from './migrate.ts'
import { sandboxCommand } from './sandbox.ts'
import { upCommand } from './up-command.ts'

const program = new Command('headgate').description('data access governance for Amazon S3').showHelpAfterError()

program
  .command('up')
  .description('run the whole product on this machine')
  .option('--demo', 'add the AWS sandbox and the Acme world')
  .option('--empty', 'with --demo: no Acme, but the sandbox with one prepared account')
  .option('--port <number>', 'port to listen on; 0 takes a free one', toPort)
  .option('--sandbox-port <number>', 'port of the sandbox; 0 takes a free one', toPort)
  .option('--data-dir <folder>', 'where everything is kept')
  .option('--ready-file <file>', 'write what one needs to try it, as JSON, once ready')
  .option('--web-dir <folder>', 'the built web app')
  .action(options => upCommand(options, readConfig, process.env))

program
  .command('admin-link')
  .description('print a link that makes another admin, or sets the password of one, when nobody can sign in any more')
  .option('--user <name>', 'set the password of that person instead of making an admin')
  .option('--switch-on', 'switch signing in with a password on again where it is off')
  .option('--data-dir <folder>', 'where everything is kept')
  .action(options => adminLinkCommand(options, readConfig, process.env))

program
  .command('migrate')
  .description('bring the database up to date as its owner, and give the role of the servers its rights')
  .action(() => migrateCommand(readConfig(process.env)))

program
  .command('audit')
  .description('the audit trail')
  .command('verify')
  .description('say whether an audit trail is whole: files and folders of it, or the database')
  .argument('[files...]', 'files or folders as GET /audit/trail or the export to S3 wrote them')
  .option('--checkpoints <files...>', 'files or folders with checkpoints that were kept elsewhere')
  .option('--public-key <key>', 'public key known from elsewhere: base64, or a file with it')
  .option('--database-url <url>', 'database to read; nothing is written')
  .option('--data-dir <folder>', 'where everything is kept, with the embedded database')
  .option('--json', 'print the report as JSON')
  .action((files, options) => auditVerifyCommand(files, options, readConfig, process.env))

program
  .command('sandbox')
  .description('run the AWS sandbox alone')
  .option('--port <number>', 'port to listen on; 0 takes a free one', toPort, 4566)
  .option('--data-dir <folder>', 'keep the state here; without it, in memory only')
  .action(sandboxCommand)

await program.parseAsync()

function toPort(text: string): number {
  const port = Number(text)
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535')
}
