/**
 * What lies below an integration's location, one level at a time, and how each is registered: for picking what to
 * register. One call to AWS for each page; the page goes on with AWS's own continuation token.
 */
import { covers, joinScope, printScope, type Scope, scopeIndex } from '@headgate/core'
import { type api, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { AwsFailure, problemOfAws } from '../aws/aws-error.ts'
import type { AwsClients } from '../aws/clients.ts'
import { listBuckets, listLevel } from '../aws/listing.ts'
import { type RegisteredScope, scopesInBuckets, scopesNear } from '../db/data-source-registration.ts'
import { findIntegration, isServing } from '../db/integration.ts'
import type { World } from '../world.ts'

type Query = z.output<typeof api.dataSources.browse.query>
type Level = z.input<typeof api.dataSources.browse.response>
type Entry = Omit<Level['items'][number], 'registered'>

/** @throws Problem `integration-not-found`, `integration-not-usable`, `request-invalid`, `aws-refused`, `aws-unreachable` */
export async function browse({ db, aws }: Pick<World, 'db' | 'aws'>, id: number, query: Query): Promise<Level> {
  const integration = await findIntegration(db.kysely, id)
  if (!integration || integration.status === 'deleted') throw new Problem('integration-not-found', { id })
  if (!isServing(integration) && integration.status !== 'recurringValidationError') {
    throw new Problem('integration-not-usable', { id, status: integration.status })
  }
  const { location_path: location, account_id: accountId, region } = integration
  const below = query.prefix.startsWith('/') ? query.prefix.slice(1) : query.prefix
  const { entries, next } = await list(aws.of(integration), location, below, query)
  const [bucket = ''] = entries.map(bucketOf)
  const areBuckets = entries[0]?.kind === 'bucket'
  const near = areBuckets
    ? await scopesInBuckets(db.kysely, { accountId, region }, entries.map(bucketOf))
    : await scopesNear(db.kysely, { accountId, region }, bucket, sharedStart(entries))
  const registered = scopeIndex<RegisteredScope>(near, ({ scope }) => scope)
  const items = entries.map(entry => ({ ...entry, registered: howRegistered(registered, location, entry) }))
  return { items, ...(next === undefined ? {} : { next }) }
}

async function list(
  aws: AwsClients,
  location: string,
  below: string,
  { limit, cursor: token }: Query,
): Promise<{ entries: Entry[]; next: string | undefined }> {
  const path = location + below
  const slash = path.indexOf('/', scheme.length)
  try {
    if (slash === -1) {
      const { buckets, next } = await listBuckets(aws, { limit, token, prefix: below })
      return { entries: buckets.map(name => entryOf('bucket', `${name}/*`, location, name)), next }
    }
    const bucket = path.slice(scheme.length, slash)
    const start = path.slice(slash + 1)
    const { names, next } = await listLevel(aws, bucket, start, { limit, token })
    const entries = names.map(({ key, kind }) => {
      const relative = `${scheme}${bucket}/${key}`.slice(location.length)
      const name = key.slice(start.lastIndexOf('/') + 1)
      return entryOf(kind, kind === 'prefix' ? `${relative}*` : relative, location, name)
    })
    return { entries, next }
  } catch (error) {
    throw error instanceof AwsFailure ? problemOf(error, path) : error
  }
}

const scheme = 's3://'

function entryOf(kind: Entry['kind'], relative: string, location: string, name: string): Entry {
  const joined = joinScope(location, relative)
  const scope = location + relative
  return { kind, name, prefix: `/${relative}`, scope, ...(joined.ok ? {} : { cannot: joined.message }) }
}

/** What the caller wrote is theirs to mend; the rest is AWS's answer. */
function problemOf(failure: AwsFailure, path: string): Problem {
  const message =
    failure.kind === 'notFound'
      ? `there is no bucket at \`${path}\``
      : failure.code === 'InvalidBucketName'
        ? `\`${path}\` does not begin with the name of a bucket`
        : failure.code === 'InvalidArgument'
          ? 'AWS does not take this prefix or cursor: begin at the first page'
          : undefined
  if (message === undefined) return problemOfAws(failure)
  return new Problem('request-invalid', {
    reason: `\`query.prefix\` ${message}`,
    issues: [{ path: 'query.prefix', message }],
  })
}

function howRegistered(
  index: ReturnType<typeof scopeIndex<RegisteredScope>>,
  location: string,
  { prefix }: Entry,
): Level['items'][number]['registered'] {
  const joined = joinScope(location, prefix, { midSegment: true })
  if (!joined.ok) return { coveredBy: [], covers: 0 }
  const isSame = ({ scope }: RegisteredScope) => printScope(scope) === printScope(joined.scope)
  const covering = index.coveredBy(joined.scope)
  const exact = covering.find(isSame)
  const inside = index.inside(joined.scope).filter(one => !isSame(one) && covers(joined.scope, one.scope))
  return {
    ...(exact ? { exact: named(exact) } : {}),
    coveredBy: covering.filter(one => !isSame(one)).map(named),
    covers: inside.length,
  }
}

function named({ id, name }: RegisteredScope) {
  return { id, name }
}

function bucketOf({ scope }: Entry): string {
  return scope.slice(scheme.length).split('/', 1)[0] ?? ''
}

/** The characters that all their keys begin with: whatever bears on them begins so, or is the beginning of it. */
function sharedStart(entries: readonly Entry[]): string {
  const keys = entries.map(({ scope, kind }) => keyOf(scope, kind))
  const [first = ''] = keys
  let length = first.length
  for (const key of keys) while (!key.startsWith(first.slice(0, length))) length -= 1
  return first.slice(0, length)
}

function keyOf(scope: string, kind: Entry['kind']): Scope['key'] {
  const key = scope.slice(scope.indexOf('/', scheme.length) + 1)
  return kind === 'object' ? key : key.slice(0, -1)
}
