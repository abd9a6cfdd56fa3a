/**
 * Every command, its options and examples, as one tree: what runs, what the shell completes and what docs/command-line.md lists.
 *
 * Each command is loaded when it is called: a tool that asks for credentials a hundred times does not load a server.
 */
import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { profileOption, serverOption } from './connection-options.ts'
import { version } from './package-files.ts'

const credentialsExample = `
Example, in ~/.aws/config:
  [profile sales]
  credential_process = headgate credentials --target s3://lake/sales/* --permission READ --aws-profile default
Then: aws s3 cp s3://lake/sales/2026.csv . --profile sales`

/** @param environment of the process; that of `credentials` is marked in it, so that it is not called by itself */
export function headgateProgram(environment: NodeJS.ProcessEnv): Command {
  const program = new Command('headgate')
    .description('data access governance for Amazon S3')
    .version(version())
    .showHelpAfterError()

  program
    .command('up')
    .description('run the whole product on this machine')
    .option('--demo', 'add the AWS sandbox and the Acme world')
    .option('--empty', 'with --demo: no Acme, but the sandbox with one prepared account')
    .option('--port <number>', 'port to listen on; 0 takes a free one', toPort)
    .option('--sandbox-port <number>', 'port of the sandbox; 0 takes a free one', toPort)
    .option('--data-dir <folder>', 'where everything is kept')
    .option('--ready-file <file>', 'write what one needs to try it, as JSON, once ready')
    .option('--web-dir <folder>', 'the built web app, instead of the one that came along')
    .action(async options => (await import('./up-command.ts')).upCommand(options, await config(), environment))

  program
    .command('admin-link')
    .description('print a link that makes another admin, or sets the password of one, when nobody can sign in any more')
    .option('--user <name>', 'set the password of that person instead of making an admin')
    .option('--switch-on', 'switch signing in with a password on again where it is off')
    .option('--data-dir <folder>', 'where everything is kept')
    .action(async options => (await import('./admin-link.ts')).adminLinkCommand(options, await config(), environment))

  program
    .command('migrate')
    .description('bring the database up to date as its owner, and give the role of the servers its rights')
    .action(async () => (await import('./migrate.ts')).migrateCommand((await config())(environment)))

  const audit = program.command('audit').description('the audit trail')
  audit
    .command('tail')
    .description('the newest events')
    .option('-n, --lines <number>', 'so many', '20')
    .option('-f, --follow', 'and those that come')
    .option('--actor <user>', 'what this person did')
    .option('--action <name>', 'such as PolicyEdited')
    .option('--target <name>', 'what was done to this')
    .option('--json', 'one JSON object a line')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async options => (await import('./audit-tail.ts')).auditTailCommand(options, environment))
  audit
    .command('trail')
    .description('the whole trail, one JSON object a line, to be kept and verified elsewhere')
    .addOption(serverOption)
    .addOption(profileOption)
    .addHelpText('after', '\nExample: headgate audit trail > trail.ndjson && headgate audit verify trail.ndjson')
    .action(async options => (await import('./audit-trail.ts')).auditTrailCommand(options, environment))
  audit
    .command('verify')
    .description('say whether an audit trail is whole: files and folders of it, or the database')
    .argument('[files...]', 'files or folders as GET /audit/trail or the export to S3 wrote them')
    .option('--checkpoints <files...>', 'files or folders with checkpoints that were kept elsewhere')
    .option('--public-key <key>', 'public key known from elsewhere: base64, or a file with it')
    .option('--database-url <url>', 'database to read; nothing is written')
    .option('--data-dir <folder>', 'where everything is kept, with the embedded database')
    .option('--json', 'print the report as JSON')
    .action(async (files, options) =>
      (await import('./audit-verify.ts')).auditVerifyCommand(files, options, await config(), environment),
    )

  program
    .command('login')
    .description('sign this machine in: approved in a browser, or with an API key that is typed or piped in')
    .requiredOption('--url <address>', 'of Headgate')
    .option('--profile <name>', 'under which it is kept', 'default')
    .option('--key', 'type an API key instead of approving in a browser')
    .option('--browser', 'approve in a browser, though this is no terminal')
    .option('--no-open', 'print the address to open, and open nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  headgate login --url https://headgate.example.com\n  headgate login --url https://headgate.example.com < key.txt',
    )
    .action(async options => (await import('./login.ts')).loginCommand(options, environment))

  program
    .command('logout')
    .description('revoke what `headgate login` got, and forget it')
    .option('--profile <name>', 'which', 'default')
    .option('--all', 'every profile')
    .option('--local', 'forget it here without asking the server')
    .addHelpText('after', '\nExample: headgate logout --profile work')
    .action(async options => (await import('./logout.ts')).logoutCommand(options, environment))

  program
    .command('doctor')
    .description('whether everything is well, from here to AWS; each finding with its remedy')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async options => (await import('./doctor.ts')).doctorCommand(options, environment, await config()))

  program
    .command('sandbox')
    .description('run the AWS sandbox alone')
    .option('--port <number>', 'port to listen on; 0 takes a free one', toPort, 4566)
    .option('--data-dir <folder>', 'keep the state here; without it, in memory only')
    .action(async options => (await import('./sandbox.ts')).sandboxCommand(options))

  program
    .command('credentials')
    .description('credentials of S3 Access Grants for one target, as `credential_process` of an AWS profile wants them')
    .requiredOption('--target <scope>', 's3://bucket/prefix/* or s3://bucket/key')
    .addOption(
      new Option('--permission <level>', 'what to do there').choices(['READ', 'WRITE', 'READWRITE']).default('READ'),
    )
    .option('--duration <time>', 'how long they live, 15m to 12h; default 1h', toSeconds)
    .option('--aws-profile <name>', 'AWS profile whose identity asks; default: as the AWS SDK finds it')
    .addHelpText('after', credentialsExample)
    .action(async options =>
      (await import('./credentials.ts')).credentialsCommand(options, environment, () => {
        environment.HEADGATE_CREDENTIALS = '1'
      }),
    )

  program
    .command('aws-config')
    .description('AWS profiles for everything that you reach, to put into ~/.aws/config')
    .option('--aws-profile <name>', 'AWS profile with your own identity, which asks for credentials', 'default')
    .addOption(serverOption)
    .addOption(profileOption)
    .option('--json', 'print what is reached as JSON instead')
    .action(async options => (await import('./aws-config.ts')).awsConfigCommand(options, environment))

  const access = program.command('access').description('who reaches what, and why')
  access
    .command('who')
    .description('everybody who reaches a path or a data source')
    .argument('<place>', 's3://bucket/path, or the name of a data source')
    .option('--at <instant>', 'as of a moment of the past, such as 2026-11-01T00:00Z; of a data source')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async (place, options) => (await import('./access-commands.ts')).whoCommand(place, options, environment))
  access
    .command('what')
    .description('everything that a person reaches')
    .argument('<person>', 'a user name, or the ARN of a principal')
    .option('--at <instant>', 'as of a moment of the past')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async (person, options) => (await import('./access-commands.ts')).whatCommand(person, options, environment))

  program
    .command('explain')
    .description('why somebody reaches something, or why not and what would change that')
    .argument('<person>', 'a user name, or the ARN of a principal')
    .argument('<place>', 's3://bucket/path, or the name of a data source')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .addHelpText('after', '\nExample: headgate explain ann@example.com s3://lake/finance/2026.csv')
    .action(async (person, place, options) =>
      (await import('./access-commands.ts')).explainCommand(person, place, options, environment),
    )

  program
    .command('plan')
    .description('what would be done so that everything is as the files of a folder say, and what that does to access')
    .argument('<folder>', 'YAML files')
    .option('--out <file>', 'write the plan, to be carried out exactly by `headgate apply plan.json`')
    .option('--prune', 'delete what the files do not name')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing to do, 2 something to do, 1 it could not be told.\nExample: headgate plan lake --out plan.json; headgate apply plan.json',
    )
    .action(async (folder, options) => (await import('./plan-command.ts')).planCommand(folder, options, environment))

  program
    .command('apply')
    .description('make everything as the files of a folder say, or carry out a plan exactly')
    .argument('<folder or plan>', 'a folder of YAML files, or what `headgate plan --out` wrote')
    .option('--prune', 'delete what the files do not name')
    .option('--yes', 'do not ask')
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async (what, options) => (await import('./plan-command.ts')).applyCommand(what, options, environment))

  program
    .command('pull')
    .description('write what there is into a folder of YAML files')
    .argument('<folder>')
    .option('--people', 'users and groups that are looked after here, as well')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async (folder, options) => (await import('./plan-command.ts')).pullCommand(folder, options, environment))

  program
    .command('schema')
    .description('the JSON Schema of the YAML files, or of one kind of thing in them')
    .argument('[kind]', 'such as policies')
    .addHelpText('after', '\nExample: headgate schema > headgate.schema.json')
    .action(async kind => (await import('./schema-command.ts')).schemaCommand(kind))

  program
    .command('completion')
    .description('a completion script for a shell')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExample: headgate completion bash > ~/.local/share/bash-completion/completions/headgate')
    .action(async shell => {
      await addResourceCommands(program, environment)
      process.stdout.write((await import('./completion.ts')).completionScript(shell, program))
    })

  return program
}

/** Loaded only where one of them, or the help, is asked for: they know the whole contract. */
export async function addResourceCommands(program: Command, environment: NodeJS.ProcessEnv): Promise<void> {
  const commands = (await import('./resource-commands.ts')).resourceCommands(environment)
  for (const command of policyFiles()) commands.find(one => one.name() === 'policy')?.addCommand(command)
  for (const command of commands) program.addCommand(command)
}

/** Of files, without a server. */
function policyFiles(): Command[] {
  return [
    new Command('lint')
      .description('what is wrong or odd in the policies of files; no server is asked')
      .argument('<file or folder>')
      .option('--json', 'print JSON')
      .action(async (where, options) => (await import('./policy-offline.ts')).lintCommand(where, options)),
    new Command('test')
      .description('hold the policies of a folder to its *.test.yaml; no server is asked')
      .argument('<folder>')
      .option('--json', 'print JSON')
      .action(async (folder, options) => (await import('./policy-offline.ts')).testCommand(folder, options)),
  ]
}

/** How settings are read, of the server that some commands start. */
async function config() {
  return (await import('@headgate/server')).readConfig
}

/** `90s`, `15m` or `12h` in seconds, as far as AWS vends. */
function toSeconds(text: string): number {
  const [, count, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  const seconds = Number(count) * { s: 1, m: 60, h: 3600 }[unit as 's' | 'm' | 'h']
  if (seconds >= 900 && seconds <= 43_200) return seconds
  throw new InvalidArgumentError('from 15m to 12h')
}

function toPort(text: string): number {
  const port = Number(text)
  if (text.trim() !== '' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535')
}
