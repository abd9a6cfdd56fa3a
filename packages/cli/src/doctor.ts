/** `headgate doctor`: is everything well, from here to AWS? Each finding with its remedy; changes nothing. */
import { ApiError, type Caller } from '@headgate/core/api'
import { type Connection, type ConnectionFlags, connect, type Environment } from './connection.ts'
import { exits } from './exits.ts'
import { printJson } from './print.ts'
import { Refused } from './refused.ts'

export interface DoctorFlags extends ConnectionFlags {
  readonly json?: true
}

interface Finding {
  readonly what: string
  readonly is: 'well' | 'odd' | 'wrong'
  readonly message: string
  readonly remedy?: string
}

/** Exits with `found` when something is wrong. */
export async function doctorCommand(
  flags: DoctorFlags,
  environment: Environment,
  readConfig: (environment: Environment) => unknown,
): Promise<void> {
  const findings = [node(), settings(environment, readConfig), ...(await server(flags, environment))]
  if (flags.json) printJson(findings)
  else
    for (const one of findings) process.stdout.write(`${marks[one.is]} ${one.what}: ${one.message}\n${remedyOf(one)}`)
  if (findings.some(({ is }) => is === 'wrong')) process.exitCode = exits.found
}

const marks = { well: '✔', odd: '!', wrong: '✖' } as const

function remedyOf({ remedy }: Finding): string {
  return remedy === undefined ? '' : `    ${remedy}\n`
}

function node(): Finding {
  const isNew = Number(process.versions.node.split('.')[0]) >= 24
  const message = `Node.js ${process.versions.node}`
  return isNew
    ? { what: 'environment', is: 'well', message }
    : { what: 'environment', is: 'wrong', message, remedy: 'Headgate needs Node.js 24 or newer' }
}

/** Those of a server that would be started here. */
function settings(environment: Environment, readConfig: (environment: Environment) => unknown): Finding {
  try {
    readConfig(environment)
    return { what: 'settings', is: 'well', message: 'a server could be started with them' }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { what: 'settings', is: 'wrong', message, remedy: 'see docs/config.md' }
  }
}

async function server(flags: ConnectionFlags, environment: Environment): Promise<Finding[]> {
  try {
    const connection = await connect(flags, environment)
    return [...(await clockAndHealth(connection.url)), ...(await signedIn(connection))]
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const remedy = error.next === undefined ? {} : { remedy: error.next }
    return [{ what: 'server', is: 'wrong', message: error.message, ...remedy }]
  }
}

/** A clock that is wrong by more spoils signatures: AWS allows five minutes. */
const mostSkewMs = 60_000

async function clockAndHealth(url: string): Promise<Finding[]> {
  const before = Date.now()
  const answer = await fetch(`${url}/health/ready`).catch(() => undefined)
  if (answer === undefined)
    return [
      {
        what: 'server',
        is: 'wrong',
        message: `${url} does not answer`,
        remedy: 'is it running, and is the address right?',
      },
    ]
  const body = (await answer.json().catch(() => ({}))) as { readonly message?: string }
  const skew = Date.parse(answer.headers.get('date') ?? '') - (before + Date.now()) / 2
  const off = Math.round(Math.abs(skew) / 1000)
  return [
    answer.ok
      ? { what: 'server', is: 'well', message: `${url} is ready: its database answers and changes are followed` }
      : {
          what: 'server',
          is: 'wrong',
          message: body.message ?? `${url} answered ${answer.status}`,
          remedy: 'see the log of the server',
        },
    Math.abs(skew) < mostSkewMs
      ? { what: 'clock', is: 'well', message: 'this machine and the server agree' }
      : {
          what: 'clock',
          is: 'odd',
          message: `this machine and the server are ${off} s apart`,
          remedy: 'set both by NTP: AWS refuses signatures that are five minutes off',
        },
  ]
}

async function signedIn({ api }: Connection): Promise<Finding[]> {
  try {
    const { userid, permissions } = await api.users.me()
    const may = permissions.length === 0 ? 'no permission beyond their own access' : permissions.join(', ')
    return [
      { what: 'key', is: 'well', message: `${userid}: ${may}` },
      ...(await integrations(api)),
      ...(await index(api)),
    ]
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return [{ what: 'key', is: 'wrong', message: error.message, remedy: 'make a new one, or run `headgate login`' }]
  }
}

/** As they were validated last, each test that did not pass with its remedy. */
async function integrations(api: Caller): Promise<Finding[]> {
  const found = await unlessRefused(() => api.integrations.list())
  if (found === undefined) return []
  if (found.length === 0)
    return [
      {
        what: 'integrations',
        is: 'odd',
        message: 'there are none',
        remedy: 'headgate integration create -f integration.yaml',
      },
    ]
  return found.flatMap(({ config, status, validationResults: { validationTests } }): Finding[] => {
    const what = `integration ${config.name}`
    const odd = validationTests.filter(test => test.status === 'failed' || test.status === 'warning')
    const is = status === 'enabled' ? 'well' : 'wrong'
    return [
      { what, is, message: status, ...(is === 'wrong' && { remedy: `headgate integration show ${config.name}` }) },
      ...odd.map(
        (test): Finding => ({
          what,
          is: test.status === 'failed' ? 'wrong' : 'odd',
          message: test.name,
          ...(test.message && { remedy: test.message }),
        }),
      ),
    ]
  })
}

async function index(api: Caller): Promise<Finding[]> {
  const found = await unlessRefused(() => api.deployment.verifyIndex())
  if (found === undefined) return []
  return found.isRight
    ? [{ what: 'index', is: 'well', message: `equal to the tables as of change ${found.sequence}` }]
    : [
        {
          what: 'index',
          is: 'wrong',
          message: `${found.count} differences from the tables; it was made anew`,
          remedy: 'tell the developers, with the log',
        },
      ]
}

/** Undefined for who may not look. */
async function unlessRefused<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined
    throw error
  }
}
