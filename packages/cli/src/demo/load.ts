/**
 * Tells a fresh Headgate about Acme, through the public API only, as an admin would.
 *
 * Safe to run again after it was cut off: whatever exists already is left as it is and its id is looked up.
 */
import { ApiError, type Caller, type PolicyInput, type User } from '@headgate/core/api'
import type { Acme, AcmePerson } from './acme.ts'
import type { PreparedAccount } from './aws.ts'

type KeyedProduct = Parameters<Caller['dataProducts']['putByKey']>[0]['body']

/** @returns the people by user name, with their ids */
export async function loadAcme(
  api: Caller,
  acme: Acme,
  prepared: readonly PreparedAccount[],
): Promise<Map<string, User>> {
  const integrations = await connectAccounts(api, acme, prepared)
  const groups = await makeGroups(api, acme)
  const people = await makePeople(api, acme, groups, prepared, integrations)
  await makeTags(api, acme)
  await registerDataSources(api, acme, integrations)
  await makeDomains(api, acme)
  await makePolicies(api, acme)
  await makeDataProducts(api, acme)
  return people
}

async function connectAccounts(api: Caller, acme: Acme, prepared: readonly PreparedAccount[]) {
  const known = new Map((await api.integrations.list()).map(({ id, config }) => [config.name, id]))
  for (const account of acme.accounts) {
    const { name, awsLocationPath } = account.integration
    if (known.has(name)) continue
    const aws = prepared.find(({ accountId }) => accountId === account.accountId)
    if (aws === undefined) throw new Error(`account ${account.accountId} has not been prepared`)
    const { id } = await api.integrations.create({
      body: {
        type: 'Native S3',
        autoBootstrap: false,
        config: {
          name,
          awsAccountId: account.accountId,
          awsRegion: account.region,
          awsLocationRole: aws.locationRole,
          awsLocationPath,
          authenticationType: 'accessKey',
          awsAccessKeyId: aws.controller.accessKeyId,
          awsSecretAccessKey: aws.controller.secretAccessKey,
        },
      },
    })
    known.set(name, id)
  }
  await Promise.all([...known.values()].map(id => untilEnabled(api, id)))
  return known
}

/** Registering the location goes on in the background after the answer. */
export async function untilEnabled(api: Caller, id: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const { status, statusMessage } = await api.integrations.get({ params: { id } })
    if (status === 'enabled') return
    if (status !== 'creating') throw new Error(`integration ${id} is ${status}: ${statusMessage ?? ''}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error(`integration ${id} was still \`creating\` after 30 s`)
}

async function makeGroups(api: Caller, acme: Acme): Promise<Map<string, number>> {
  const ids = new Map((await api.groups.list({ query: { limit: 1000 } })).items.map(({ id, name }) => [name, id]))
  for (const { name, description, attributes } of acme.groups) {
    const id = ids.get(name) ?? (await api.groups.create({ body: { name, description } })).id
    ids.set(name, id)
    for (const [key, value] of pairs(attributes)) await api.groups.addAttribute({ params: { id, key, value } })
  }
  return ids
}

async function makePeople(
  api: Caller,
  acme: Acme,
  groups: ReadonlyMap<string, number>,
  prepared: readonly PreparedAccount[],
  integrations: ReadonlyMap<string, string>,
): Promise<Map<string, User>> {
  const known = new Map((await api.users.list({ query: { limit: 1000 } })).items.map(user => [user.userid, user]))
  for (const person of acme.people) {
    const user =
      known.get(person.userid) ??
      (await api.users.create({
        body: { userid: person.userid, name: person.name, email: person.userid, permissions: person.permissions },
      }))
    const params = { id: user.id }
    for (const [key, value] of pairs(person.attributes)) {
      await api.users.addAttribute({ params: { ...params, key, value } })
    }
    for (const group of person.groups) {
      const id = groups.get(group)
      if (id === undefined) throw new Error(`${person.userid} is in group ${group}, which people.yaml does not make`)
      await api.groups.addMember({ params: { id, userId: user.id } })
    }
    const principals = principalsOf(person, acme, prepared, integrations)
    known.set(person.userid, await api.users.setPrincipals({ params, body: principals }))
  }
  return known
}

/** IAM identities serve every account; a directory serves only the account and region that it lives in. */
function principalsOf(
  person: AcmePerson,
  acme: Acme,
  prepared: readonly PreparedAccount[],
  integrations: ReadonlyMap<string, string>,
) {
  const identifier = prepared.map(({ people }) => people.get(person.userid)).find(found => found !== undefined)
  if (person.principal === undefined || identifier === undefined) return []
  if (person.principal !== 'identityCenterUser') return [{ kind: person.principal, identifier }]
  const home = acme.accounts.find(account => account.identityCenter)
  const integration = home && integrations.get(home.integration.name)
  return [{ kind: person.principal, identifier, ...(integration && { integrationIds: [integration] }) }]
}

async function makeTags(api: Caller, acme: Acme): Promise<void> {
  const names = new Set(acme.dataSources.flatMap(source => source.tags))
  for (const name of names) await unlessThere(api.tags.create({ body: { name } }))
}

async function registerDataSources(api: Caller, acme: Acme, integrations: ReadonlyMap<string, string>): Promise<void> {
  const known = new Set((await api.dataSources.list({ query: { limit: 1000 } })).items.map(source => source.name))
  for (const [integration, integrationId] of integrations) {
    const missing = acme.dataSources.filter(source => source.integration === integration && !known.has(source.name))
    if (missing.length === 0) continue
    await api.nativeS3.register({
      body: {
        type: 'Native S3',
        integrationId,
        dataSources: missing.map(({ name, prefix, tags, description }) => ({
          dataSourceName: name,
          prefix,
          tags,
          description,
          // A project's data source covers its parts: that is what Acme wants to show.
          allowOverlap: true,
        })),
      },
    })
  }
}

async function makeDomains(api: Caller, acme: Acme): Promise<void> {
  for (const domain of acme.domains) await unlessThere(api.domains.create({ body: domain }))
}

async function makePolicies(api: Caller, acme: Acme): Promise<void> {
  // The file's shape is checked by the API itself, as that of any caller.
  for (const policy of acme.policies) await unlessThere(api.policies.create({ body: policy as unknown as PolicyInput }))
}

async function makeDataProducts(api: Caller, acme: Acme): Promise<void> {
  for (const { key, ...said } of acme.dataProducts) {
    await api.dataProducts.putByKey({ params: { key }, body: said as unknown as KeyedProduct })
  }
}

/** Last of all: the first summary is put away, and the trail begins to be, while people look around. */
export async function makeExports(api: Caller, acme: Acme, prepared: readonly PreparedAccount[]): Promise<void> {
  for (const { accountId, region, exports } of acme.accounts) {
    const exporter = prepared.find(one => one.accountId === accountId)?.exporter
    if (exports === undefined || exporter === undefined) continue
    const { accessKeyId, secretAccessKey } = exporter
    const target = {
      bucketName: exports,
      region,
      authenticationType: 'accessKey',
      accessKeyId,
      secretAccessKey,
    } as const
    await unlessThere(api.accessExports.create({ body: { ...target, path: 'access', format: 'parquet' } }))
    await unlessThere(api.auditExports.create({ body: { ...target, path: 'audit' } }))
  }
}

async function unlessThere(call: Promise<unknown>): Promise<void> {
  await call.catch(error => {
    if (!(error instanceof ApiError && error.status === 409)) throw error
  })
}

function* pairs(attributes: Readonly<Record<string, readonly string[]>>): Iterable<[key: string, value: string]> {
  for (const [key, values] of Object.entries(attributes)) for (const value of values) yield [key, value]
}
