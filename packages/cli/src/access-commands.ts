/** `headgate access` and `headgate explain`: the explorer, in a terminal. */
import { type AccessRow, type Caller, type Explained, guardrailsInTheWay } from '@headgate/core/api'
import { everyItem } from './code/kind.ts'
import { type ConnectionFlags, connect, type Environment } from './connection.ts'
import { printJson, printTable } from './print.ts'
import { Refused } from './refused.ts'

export interface AccessFlags extends ConnectionFlags {
  readonly json?: true
  readonly at?: string
}

/** @param place a path such as `s3://lake/finance/2026.csv`, or the name of a data source */
export async function whoCommand(place: string, flags: AccessFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  if (flags.at !== undefined) return pastCommand(api, { dataSource: await dataSourceOf(api, place) }, flags)
  const query = isPath(place) ? { path: place } : { dataSource: await dataSourceOf(api, place) }
  printAccess(await everyItem(page => api.access.who({ query: { ...page, ...query } })), flags)
}

/** @param person a user name, or the ARN of a principal */
export async function whatCommand(person: string, flags: AccessFlags, environment: Environment): Promise<void> {
  const { api } = await connect(flags, environment)
  if (flags.at !== undefined) return pastCommand(api, { user: await userOf(api, person) }, flags)
  const query = isArn(person) ? { principal: person } : { user: await userOf(api, person) }
  printAccess(await everyItem(page => api.access.what({ query: { ...page, ...query } })), flags)
}

export async function explainCommand(
  person: string,
  place: string,
  flags: AccessFlags,
  environment: Environment,
): Promise<void> {
  const { api } = await connect(flags, environment)
  const answer = await api.access.explain({
    query: {
      ...(isArn(person) ? { principal: person } : { user: await userOf(api, person) }),
      ...(isPath(place) ? { path: place } : { dataSource: await dataSourceOf(api, place) }),
    },
  })
  if (flags.json) return printJson(answer)
  const { user, dataSources, aws } = answer
  const lines = dataSources.flatMap(one => [
    `${user.userid} on ${one.dataSource.name}: ${one.verdict}`,
    ...reasonsOf(one),
  ])
  const nowhere = dataSources.length === 0 ? [`No data source covers ${place}.`] : []
  process.stdout.write(`${[...lines, ...nowhere, ...(aws === undefined ? [] : [`AWS: ${aws.message}`])].join('\n')}\n`)
}

function reasonsOf(explained: Explained): string[] {
  const { because, grants, members, obstacles, fixes, provisioning, verdict } = explained
  const open = grants.filter(({ holds }) => !holds)
  const shut = guardrailsInTheWay(explained)
  return [
    ...because.map(
      ({ kind, name, level, until }) => `  because of ${kind} ${name}: ${level}${until ? `, until ${until}` : ''}`,
    ),
    ...(verdict === 'none' ? open.map(({ name }) => `  the policy ${name} does not let them in`) : []),
    ...shut.map(
      ({ name, level, via }) =>
        `  the guardrail ${name} (${level}) ${level === 'READ' ? 'shuts them out' : 'keeps them from writing'}` +
        (via ? `, by ${via.name} inside` : ''),
    ),
    ...members.filter(({ holds }) => !holds).map(({ until }) => `  a membership ended${until ? ` at ${until}` : ''}`),
    ...obstacles.map(one => `  ${obstacleWords[one]}`),
    ...(provisioning === undefined ? [] : [`  in AWS: ${provisioning.message}`]),
    ...fixes.map(fix => `  ${fixWords(fix)} would give ${fix.gives}`),
  ]
}

const obstacleWords: Readonly<Record<Explained['obstacles'][number], string>> = {
  unknownUser: 'nobody is known by that name',
  userDisabled: 'they are disabled',
  unknownDataSource: 'there is no such data source',
  dataSourceDisabled: 'the data source is disabled',
  unknownIntegration: 'its integration is gone',
  nothingLetsIn: 'no policy and no membership is about it',
}

function fixWords({ fix, key, value, group, principal, product, level }: Explained['fixes'][number]): string {
  const attribute = value === undefined ? `${key}` : `${key}: ${value}`
  const words: Readonly<Record<typeof fix, string>> = {
    giveAttribute: `the attribute ${attribute}`,
    takeAttribute: `losing the attribute ${attribute}`,
    joinGroup: `joining the group ${group}`,
    leaveGroup: `leaving the group ${group}`,
    map: `an AWS principal (${principal})`,
    addMember: `being added as a member (${level})`,
    requestProduct: `asking for the data product ${product} (${level})`,
    subscribe: `subscribing (${level})`,
    request: `asking for it (${level})`,
  }
  return words[fix]
}

function printAccess(rows: readonly AccessRow[], { json }: AccessFlags): void {
  if (json) {
    printJson(rows)
    return
  }
  if (rows.length === 0) {
    process.stderr.write('none\n')
    return
  }
  const shown = rows.map(row => ({ ...row, why: row.because.map(({ kind, name }) => `${kind} ${name}`) }))
  printTable(shown, {
    ...{ USER: 'user', 'DATA SOURCE': 'dataSource', SCOPE: 'dataSource.scope', LEVEL: 'level' },
    ...{ WHY: 'why', UNTIL: 'until', AWS: 'provisioning.status' },
  })
}

async function pastCommand(
  api: Caller,
  about: { user?: string; dataSource?: string },
  { at, json }: AccessFlags,
): Promise<void> {
  const rows = []
  let moment = at
  for (let cursor: string | undefined; ; ) {
    const page = await api.pastAccess.at({ query: { ...about, at: moment, limit: 1000, ...(cursor && { cursor }) } })
    moment = page.at
    rows.push(...page.items)
    if (page.next === undefined) break
    cursor = page.next
  }
  if (json) return printJson({ at: moment, items: rows })
  process.stderr.write(`as of ${moment}\n`)
  if (rows.length === 0) return void process.stderr.write('none\n')
  const shown = rows.map(row => ({
    ...row,
    ...{ why: row.because.map(({ kind, name }) => `${kind} ${name}`), held: row.grants.map(grant => grant.permission) },
  }))
  printTable(shown, {
    ...{ USER: 'user', 'DATA SOURCE': 'dataSource', SCOPE: 'dataSource.scope', LEVEL: 'level' },
    ...{ WHY: 'why', UNTIL: 'until', 'GRANTS IN AWS': 'held' },
  })
}

async function userOf(api: Caller, given: string): Promise<string> {
  if (/^\d+$/.test(given)) return given
  const me = await api.users.me()
  if (me.userid === given) return String(me.id)
  const { items } = await api.users.list({ query: { search: given, limit: 1000 } })
  const found = items.find(({ userid }) => userid === given)
  if (found === undefined)
    throw new Refused(`nobody is called ${given}`, 'give a user name, an id or the ARN of a principal')
  return String(found.id)
}

async function dataSourceOf(api: Caller, given: string): Promise<string> {
  if (/^\d+$/.test(given)) return given
  const { items } = await api.dataSources.list({ query: { search: given, limit: 1000 } })
  const found = items.find(({ name, scope }) => name === given || scope === given)
  if (found === undefined)
    throw new Refused(`there is no data source ${given}`, 'give its name, its id or a path (s3://…)')
  return String(found.id)
}

function isPath(given: string): boolean {
  return given.startsWith('s3://')
}

function isArn(given: string): boolean {
  return given.startsWith('arn:')
}
