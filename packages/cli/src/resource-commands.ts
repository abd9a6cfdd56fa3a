/**
 * The commands of every resource, made from the contract: path parameters are arguments, the query becomes options, a body comes
 * from a file or from `--set`. A version that the server asks for is read just before, unless `--if-match` names it.
 */
import { api, type Endpoint } from '@headgate/core/api'
import { Command, Option } from 'commander'
import { type BodyFlags, bodyOf } from './body.ts'
import { confirmed } from './confirm.ts'
import { type Connection, type ConnectionFlags, connect, type Environment } from './connection.ts'
import { profileOption, serverOption } from './connection-options.ts'
import { printJson, printOne, printTable } from './print.ts'
import { Refused } from './refused.ts'
import { type CallName, type Resource, resources } from './resources.ts'
import { fieldsOf } from './schema.ts'

interface Flags extends ConnectionFlags, BodyFlags {
  readonly json?: true
  readonly all?: true
  readonly yes?: true
  readonly ifMatch?: string
  readonly ifPreview?: string
}

export function resourceCommands(environment: Environment): Command[] {
  return resources.map(resource => {
    const command = new Command(resource.name)
      .description(resource.about)
      .addHelpText('after', `\nExamples:\n${resource.example.replaceAll(/^/gm, '  ')}`)
    for (const [verb, call] of Object.entries(resource.verbs))
      command.addCommand(verbCommand(resource, verb, call, environment))
    return command
  })
}

function verbCommand(resource: Resource, verb: string, call: CallName, environment: Environment): Command {
  const endpoint = endpointOf(call)
  const command = new Command(verb).description(endpoint.summary)
  const parameters = parametersOf(endpoint)
  for (const name of parameters) command.argument(`<${kebab(name)}>`)
  for (const { name, choices } of queryOf(endpoint)) {
    const option = new Option(`--${kebab(name)} <value>`)
    command.addOption(choices.length === 0 ? option : option.choices(choices))
  }
  if (isPaged(endpoint)) command.option('--all', 'every page, not just the first')
  if (endpoint.body !== undefined)
    command
      .option('-f, --file <path>', `what to send, as YAML or JSON; - reads standard input${fieldsInWords(endpoint)}`)
      .option('--set <field=value...>', 'one field of it; the value is YAML')
  if (endpoint.ifMatch)
    command.option('--if-match <version>', 'only if it still is this version; default: the one it has now')
  if (endpoint.ifPreview) command.option('--if-preview <token>', 'only if it does just what the preview said')
  if (endpoint.method === 'DELETE') command.option('--yes', 'do not ask')
  return command
    .option('--json', 'print JSON')
    .addOption(serverOption)
    .addOption(profileOption)
    .action(async (...given: unknown[]) => {
      const flags = given.at(-2) as Flags
      const args = given.slice(0, parameters.length) as string[]
      const connection = await connect(flags, environment)
      const params = await named(connection, resource, parameters, args)
      if (endpoint.method === 'DELETE') await confirmed(`${endpoint.summary}: ${args.join(' ')}`, flags.yes)
      const body = await bodyOf(flags)
      const input = {
        ...{ params, query: chosen(endpoint, flags as unknown as Readonly<Record<string, unknown>>) },
        ...(body !== undefined && { body }),
        ...(endpoint.ifMatch && { ifMatch: flags.ifMatch ?? (await versionOf(connection, resource, params)) }),
        ...(flags.ifPreview !== undefined && { ifPreview: flags.ifPreview }),
      }
      const answer = await answered(connection, call, input, flags.all === true)
      if (flags.json) printJson(answer ?? {})
      else show(endpoint, call === resource.verbs.list ? resource.columns : undefined, answer)
    })
}

type Call = (input: Readonly<Record<string, unknown>>) => Promise<unknown>

function callOf({ api: caller }: Connection, name: CallName): Call {
  const [resource = '', call = ''] = name.split('.')
  const found = (caller as unknown as Readonly<Record<string, Readonly<Record<string, Call>>>>)[resource]?.[call]
  if (found === undefined) throw new Error(`the contract has no ${name}`)
  return found
}

function endpointOf(name: CallName): Endpoint {
  const [resource = '', call = ''] = name.split('.')
  const found = (api as unknown as Readonly<Record<string, Readonly<Record<string, Endpoint>>>>)[resource]?.[call]
  if (found === undefined) throw new Error(`the contract has no ${name}`)
  return found
}

/** Page after page where all are wanted: one answer with every item. */
async function answered(
  connection: Connection,
  name: CallName,
  input: { query: Query },
  all: boolean,
): Promise<unknown> {
  const call = callOf(connection, name)
  const first = await call(input)
  if (!all) return first
  const items: unknown[] = []
  for (let page = first as Page; ; ) {
    items.push(...page.items)
    if (page.next === undefined) return { ...page, items }
    page = (await call({ ...input, query: { ...input.query, cursor: page.next } })) as Page
  }
}

type Query = Readonly<Record<string, unknown>>
interface Page {
  readonly items: readonly unknown[]
  readonly next?: string
  readonly total?: number
}

/** @param columns of a list that has some of its own */
function show({ method }: Endpoint, columns: Resource['columns'] | undefined, answer: unknown): void {
  const page: Page = Array.isArray(answer) ? { items: answer } : ((answer ?? {}) as Page)
  if (answer === undefined) process.stderr.write('done\n')
  else if (method !== 'GET' || !Array.isArray(page.items)) printOne(answer)
  else if (page.items.length === 0) process.stderr.write('none\n')
  else printTable(page.items, columns ?? columnsOf(page.items))
  const { items, total = 0, next } = page
  if (next !== undefined) process.stderr.write(`${items.length} of ${total}; --all shows every one\n`)
}

/** Of lists inside a resource: every field that is one word. */
function columnsOf([first]: readonly unknown[]): Record<string, string> {
  const plain = Object.entries(first as object).filter(([, value]) => typeof value !== 'object')
  return Object.fromEntries(plain.map(([name]) => [kebab(name).replaceAll('-', ' ').toUpperCase(), name]))
}

/** Arguments by name; what is not a number is looked up by what people call it. */
async function named(
  connection: Connection,
  resource: Resource,
  parameters: readonly string[],
  args: readonly string[],
) {
  const entries = parameters.map(async (name, n) => {
    const given = args[n] ?? ''
    const isCalled = n === 0 && resource.calledBy !== undefined && !/^\d+$/.test(given)
    return [name, isCalled ? await idOf(connection, resource, given) : given]
  })
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>
}

async function idOf(connection: Connection, { name, calledBy = '', verbs }: Resource, given: string): Promise<string> {
  const { items } = (await callOf(
    connection,
    verbs.list as CallName,
  )({ query: { search: given, limit: '1000' } })) as Page
  const found = items.filter(item => (item as Readonly<Record<string, unknown>>)[calledBy] === given)
  const [one, second] = found as readonly { readonly id: unknown }[]
  if (one === undefined) {
    // Some have an id of letters.
    const byId = items.some(item => (item as { readonly id?: unknown }).id === given)
    if (byId) return given
    throw new Refused(`there is no ${name} called ${given}`, `see \`headgate ${name} list\``)
  }
  if (second !== undefined) throw new Refused(`several are called ${given}`, 'give the id instead')
  return String(one.id)
}

async function versionOf(connection: Connection, { verbs }: Resource, params: Readonly<Record<string, string>>) {
  const { version } = (await callOf(connection, verbs.show as CallName)({ params })) as { readonly version?: unknown }
  return String(version ?? '')
}

function parametersOf({ path }: Endpoint): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '')
}

function queryOf(endpoint: Endpoint) {
  return fieldsOf(endpoint.query).filter(({ name }) => name !== 'cursor')
}

function chosen(endpoint: Endpoint, flags: Readonly<Record<string, unknown>>): Query {
  const names = queryOf(endpoint).map(({ name }) => name)
  return Object.fromEntries(names.filter(name => flags[name] !== undefined).map(name => [name, flags[name]]))
}

function isPaged(endpoint: Endpoint): boolean {
  return fieldsOf(endpoint.query).some(({ name }) => name === 'cursor')
}

function fieldsInWords({ body }: Endpoint): string {
  const names = fieldsOf(body).map(({ name }) => name)
  return names.length === 0 ? '' : `; fields: ${names.join(', ')}`
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
}
