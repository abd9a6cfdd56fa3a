/** `headgate aws-config`: a ready AWS profile for every data source that the caller reaches, for `~/.aws/config`. */
import type { Caller } from '@headgate/core/api'
import { type ConnectionFlags, connect, type Environment } from './connection.ts'

export interface AwsConfigFlags extends ConnectionFlags {
  readonly awsProfile: string
  readonly json?: true
}

interface Reached {
  readonly profile: string
  readonly name: string
  readonly target: string
  readonly permission: 'READ' | 'READWRITE'
  readonly until?: string
}

export async function awsConfigCommand(flags: AwsConfigFlags, environment: Environment): Promise<void> {
  const { api, url } = await connect(flags, environment)
  const reached = withProfileNames(await everythingReached(api))
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(reached, null, 2)}\n`)
  } else if (reached.length === 0) {
    process.stderr.write(`You reach nothing yet: look for data at ${url}/app/marketplace\n`)
  } else {
    process.stdout.write(reached.map(one => section(one, flags.awsProfile)).join('\n'))
  }
}

async function everythingReached(api: Caller) {
  const me = await api.users.me()
  const rows = []
  for (let cursor: string | undefined; ; ) {
    const query = { user: String(me.id), limit: '100', ...(cursor !== undefined && { cursor }) }
    const { items, next } = await api.access.what({ query })
    rows.push(...items)
    if (next === undefined) return rows
    cursor = next
  }
}

/** Names that AWS's tools take, each once: of two that come out alike the second gets its id. */
function withProfileNames(rows: Awaited<ReturnType<typeof everythingReached>>): Reached[] {
  const taken = new Set<string>()
  return rows.map(({ dataSource: { id, name, scope }, level, until }) => {
    const plain = `headgate-${name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^-+|-+$/g, '')}`
    const profile = taken.has(plain) ? `${plain}-${id}` : plain
    taken.add(profile)
    const permission = level === 'WRITE' ? 'READWRITE' : 'READ'
    return { profile, name, target: scope, permission, ...(until !== undefined && { until }) }
  })
}

function section({ profile, name, target, permission, until }: Reached, awsProfile: string): string {
  const about = `${name}: ${permission === 'READ' ? 'read' : 'read, write and delete'}${until ? `, until ${until}` : ''}`
  const call = `headgate credentials --target "${target}" --permission ${permission} --aws-profile ${awsProfile}`
  return `# ${about}\n[profile ${profile}]\ncredential_process = ${call}\n`
}
