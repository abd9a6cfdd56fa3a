/**
 * Registering data sources: all of them or, when one is bad, none; then the answer lists every bad one by its index.
 *
 * AWS is asked before the transaction, which is short and alone in its account and region: of two calls that clash, one
 * loses with a 409.
 */
import { type api, type ErrorCode, Problem } from '@headgate/core/api'
import type { z } from 'zod'
import { readableDataSources } from '../access/visibility.ts'
import { type Act, act, type Done } from '../db/act.ts'
import { findByNames, insertDataSources, lockScopes, scopesInBuckets } from '../db/data-source-registration.ts'
import { missingTags } from '../db/data-source-tag.ts'
import { holdDomains } from '../db/domain.ts'
import { findIntegration, type IntegrationRow, isServing, lockIntegration } from '../db/integration.ts'
import { scopesToRegister } from '../db/person.ts'
import { isReserved } from '../directory/reserved-names.ts'
import { type Caller, need } from '../http/serve.ts'
import type { World } from '../world.ts'
import { checkBuckets } from './check-buckets.ts'
import { type Candidate, type Finding, judgeBuckets, judgeConflicts, readItems } from './judge-scopes.ts'

type Registration = z.output<typeof api.nativeS3.register.body>
type Registered = z.input<typeof api.nativeS3.register.response>

/** @throws Problem with `items`: every bad one as `{index, code, message}`; the worst of them gives the code */
export async function registerDataSources(world: World, caller: Caller, body: Registration): Promise<Done<Registered>> {
  const integration = usable(await findIntegration(world.db.kysely, body.integrationId), body.integrationId)
  const read = readItems(
    integration.location_path,
    body.dataSources,
    await scopesToRegister(world.db.kysely, caller.id),
  )
  if (read.candidates.some(({ item }) => item.allowOverlap)) need(caller, 'GOVERNANCE')
  const names = new Set(read.candidates.map(({ scope }) => scope.bucket))
  const buckets = await checkBuckets(world.aws.of(integration), names, world.config.HEADGATE_AWS_PARALLEL)
  const { candidates, findings } = judgeBuckets(read.candidates, buckets)
  const { index } = await world.index.fresh()
  return act(world.db, caller, async done => {
    const readable = await readableDataSources(done.tx, index, caller)
    return store(done, integration, candidates, { readable, earlier: [...read.findings, ...findings] })
  })
}

async function store(
  done: Act,
  { id }: IntegrationRow,
  candidates: readonly Candidate[],
  { readable, earlier }: { readonly readable: readonly number[] | undefined; readonly earlier: readonly Finding[] },
): Promise<Registered> {
  const { tx } = done
  const integration = usable(await lockIntegration(tx, id), id)
  const realm = { accountId: integration.account_id, region: integration.region }
  await lockScopes(tx, realm)

  const tags = [...new Set(candidates.flatMap(({ item }) => item.tags ?? []))].filter(tag => !isReserved(tag))
  const domains = [...new Set(candidates.flatMap(({ item }) => item.domain ?? []))]
  const buckets = [...new Set(candidates.map(({ scope }) => scope.bucket))]
  const names = candidates.map(({ item }) => item.dataSourceName)
  const conflicts = judgeConflicts(candidates, {
    scopes: await scopesInBuckets(tx, realm, buckets),
    names: await findByNames(tx, names),
    missingTags: new Set(await missingTags(tx, tags)),
    missingDomains: new Set(await holdDomains(tx, domains)),
    readable: readable && new Set(readable),
  })
  refuse([...earlier, ...conflicts])

  const ids = await insertDataSources(done, integration, candidates.map(toNewDataSource))
  // Between our look and our write somebody in another account may have taken a name.
  refuse(
    candidates.flatMap(({ index, item: { dataSourceName: name } }, at) => {
      if (ids[at] !== undefined) return []
      const message = `the name \`${name}\` is taken: choose another`
      return [{ index, code: 'data-source-name-taken', message, detail: { name } }]
    }),
  )
  return candidates.map(({ item, warnings }, at) => ({
    dataSourceId: ids[at] as number,
    dataSourceName: item.dataSourceName,
    prefix: item.prefix,
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
  }))
}

function usable(integration: IntegrationRow | undefined, id: number): IntegrationRow {
  if (!integration || integration.status === 'deleted') throw new Problem('integration-not-found', { id })
  if (isServing(integration)) return integration
  throw new Problem('integration-not-usable', { id, status: integration.status })
}

function toNewDataSource({ item, scope }: Candidate) {
  const { dataSourceName: name, description = '', prefix, tags = [], domain } = item
  return { name, description, prefix, scope, tags: [...new Set(tags)], domain }
}

/** The codes that an answer may bear because of one item; all others say that the item itself is malformed. */
const conflictCodes: readonly ErrorCode[] = [
  'scope-not-permitted',
  'tag-not-found',
  'domain-not-found',
  'data-source-scope-taken',
  'data-source-name-taken',
  'data-source-overlap',
]

function refuse(findings: readonly Finding[]): void {
  if (findings.length === 0) return
  const sorted = findings.toSorted((a, b) => a.index - b.index)
  const items = sorted.map(({ index, code, message }) => ({ index, code, message }))
  const malformed = sorted.filter(({ code }) => !conflictCodes.some(one => one === code))
  if (malformed[0]) {
    const count = new Set(items.map(({ index }) => index)).size
    const { index, message } = malformed[0]
    throw new Problem('data-sources-invalid', { count, reason: `item ${index}: ${message}`, items })
  }
  for (const code of conflictCodes) {
    const first = sorted.find(finding => finding.code === code)
    if (first) throw new Problem(code, { ...first.detail, items })
  }
}
