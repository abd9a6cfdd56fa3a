/** `docs/command-line.md`: what holds for every command, said by hand, and each of them as the command itself tells it. */
import { exits } from '../packages/cli/src/exits.ts'
import { addResourceCommands, headgateProgram } from '../packages/cli/src/program.ts'

type Command = ReturnType<typeof headgateProgram>

/** Every command there is. Nothing is run, and no environment is read. */
export async function commandTree(): Promise<Command> {
  const program = headgateProgram({})
  await addResourceCommands(program, {})
  return program
}

export async function commandLineParts(): Promise<readonly string[]> {
  return [head, ...(await commandTree()).commands.map(section)]
}

const head = `\`npm run headgate -- …\` in a checkout, \`npx headgate …\` elsewhere: here it is called \`headgate\`. \`headgate <command> --help\` tells the
same as this page.

## To whom it speaks

A flag comes before the environment, and that before a profile.

| | |
| --- | --- |
| \`--url\`, \`HEADGATE_URL\` | the address of Headgate |
| \`HEADGATE_API_KEY\` | an API key, narrowed to what is needed where a pipeline holds it. There is no flag for it: command lines are seen by others |
| \`--profile\`, \`HEADGATE_PROFILE\` | what \`headgate login\` has kept under that name, else under \`default\` |

\`headgate login --url https://headgate.example.com\` signs this machine in: somebody approves it in a browser, or an API key is typed or
piped in. What it gets is kept in \`~/.config/headgate/profiles.json\` (\`XDG_CONFIG_HOME\`), mode 0600; a file that others may read is
refused. \`headgate logout\` revokes and forgets it. Commands that start or read a server themselves (\`up\`, \`migrate\`, \`admin-link\`, \`doctor\`,
\`audit verify\`) take the [settings](config.md) from the environment as well.

## What it prints

Tables for people on standard output, remarks on standard error; with \`--json\` the answer of the API and nothing else. A list is one
page, \`--all\` every page. Whatever takes a body takes it from a file (\`-f policy.yaml\`, \`-f -\` for standard input) or field by field
(\`--set name=Finance --set tags=[Finance]\`, the value being YAML). What is asked for by id may be called by its name where people know
it by one. Deleting asks first, unless \`--yes\` says not to. Where the API wants to know which [version](api.md#changing-what-you-have-read)
is changed, the one of now is read just before, or given as \`--if-match\`.

## How it ends

| exit code | means |
| --- | --- |
| ${exits.well} | done, and all is as it should be |
| ${exits.failed} | not done: refused, badly typed, or nobody answered. Nothing can be said |
| ${exits.found} | looked, and found something: a plan with steps, a policy or an audit trail that does not hold, a remedy to follow |

## Completion

\`\`\`sh
headgate completion bash > ~/.local/share/bash-completion/completions/headgate
headgate completion zsh > ~/.zfunc/_headgate        # with ~/.zfunc in fpath
headgate completion fish > ~/.config/fish/completions/headgate.fish
\`\`\`

## Every command

\`--json\`, \`--url\`, \`--profile\`, \`--all\` and \`--yes\` are left out below.`

function section(command: Command): string {
  const leaves = command.commands.length === 0
  const parts = leaves
    ? [`\`\`\`text\n${usageOf(command)}\n\`\`\``, optionsTable(command)]
    : [table(['command', 'what it does', 'options'], command.commands.map(row))]
  return [`### headgate ${command.name()}`, `${capital(command.description())}.`, ...parts, examplesOf(command)]
    .filter(part => part !== '')
    .join('\n\n')
}

function row(command: Command): string[] {
  const options = shown(command).map(({ flags }) => `\`${flags}\``)
  return [`\`${usageOf(command)}\``, command.description(), options.join(', ')]
}

function usageOf(command: Command): string {
  const path: string[] = []
  for (let at: Command | null = command; at !== null; at = at.parent) path.unshift(at.name())
  const given = command.registeredArguments.map(one => {
    const name = `${one.name()}${one.variadic ? '...' : ''}`
    return one.required ? `<${name}>` : `[${name}]`
  })
  const asked = command.options.filter(one => one.mandatory).map(({ flags }) => flags)
  return [...path, ...given, ...asked].join(' ')
}

function optionsTable(command: Command): string {
  const given = command.registeredArguments.filter(({ description }) => description !== '')
  const rows = [
    ...given.map(one => [`\`<${one.name()}>\``, one.description]),
    ...shown(command).map(one => {
      const choices = one.argChoices === undefined ? '' : `; one of ${one.argChoices.join(', ')}`
      const standard = typeof one.defaultValue === 'string' || typeof one.defaultValue === 'number'
      return [`\`${one.flags}\``, `${one.description}${choices}${standard ? `; default ${one.defaultValue}` : ''}`]
    }),
  ]
  return rows.length === 0 ? '' : table(['', ''], rows)
}

const everywhere = ['--json', '--url', '--profile', '--all', '--yes']

function shown(command: Command) {
  return command.options.filter(one => one.mandatory || !everywhere.includes(one.long ?? ''))
}

/** What the help of it, and of each command inside, says after the options. */
function examplesOf(command: Command): string {
  const texts = [command, ...command.commands].map(one => {
    let text = ''
    one.configureOutput({ writeOut: more => (text += more) })
    one.outputHelp()
    return text.slice(one.helpInformation().length).trim()
  })
  const said = texts.filter(text => text !== '').join('\n')
  return said === '' ? '' : `\`\`\`text\n${said}\n\`\`\``
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}

function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n')
}
