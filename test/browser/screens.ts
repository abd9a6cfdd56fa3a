/**
 * Every screen of the app and where to find one with something on it: `npm run screenshots` takes a picture of each, and
 * a test visits each. The router is the one list; what it cannot know is what to put for the names in an address.
 */
import { readFile } from 'node:fs/promises'
import type { Caller } from '@headgate/core/api'

/** An address of a screen; undefined where this world has nothing to show on it. */
type Find = (api: Caller) => Promise<string | number | undefined>

const one = { limit: 1 } as const
const first = async (list: Promise<{ readonly items: readonly { readonly id: string | number }[] }>) =>
  (await list).items[0]?.id

/** Of Acme one with many readers; Ann is among those of the contacts. */
async function someDataSource(api: Caller, search = 'Payroll US') {
  const named = await first(api.dataSources.list({ query: { ...one, search } }))
  return named ?? first(api.dataSources.list({ query: one }))
}

/** Of Acme the analyst. */
async function somebody(api: Caller) {
  const named = await first(api.users.list({ query: { ...one, search: 'ann@' } }))
  return named ?? first(api.users.list({ query: one }))
}

/** Of Acme one that would let somebody in. */
async function someRequest(api: Caller) {
  const named = await first(api.requests.list({ query: { ...one, box: 'all', search: 'European retail' } }))
  return named ?? first(api.requests.list({ query: { ...one, box: 'all' } }))
}

/** By their path in the router; `screens.test.ts` misses none. */
export const withName: Readonly<Record<string, Find>> = {
  '/integrations/$id': async api => (await api.integrations.list())[0]?.id,
  '/data-sources/$id': someDataSource,
  '/find/$id': api => first(api.dataSources.list({ query: one })),
  '/domains/$name': async api => (await api.domains.list({ query: one })).items[0]?.name,
  '/policies/$id': api => first(api.policies.list({ query: { ...one, state: 'active' } })),
  '/people/$id': somebody,
  '/groups/$id': api => first(api.groups.list({ query: one })),
  '/webhooks/$id': api => first(api.webhooks.list()),
  '/identity-providers/$id': api => first(api.identityProviders.list()),
  '/runs/$id': api => first(api.runs.list({ query: one })),
  '/exports/$id': async api => (await api.accessExports.list())[0]?.id,
  '/exports/audit/$id': async api => (await api.auditExports.list())[0]?.id,
  '/marketplace/$id': api => first(api.marketplace.list({ query: one })),
  '/data-products/$id': api => first(api.dataProducts.list({ query: one })),
  '/requests/$id': someRequest,
  '/reports/$name': async api => `access-to-data-source?dataSource=${await someDataSource(api)}`,
}

/** What is asked about, on screens that are of little use without a question. */
const asking: Readonly<Record<string, Find>> = {
  '/access': async api => `person=${await somebody(api)}&dataSource=${await someDataSource(api, 'Customer contacts')}`,
  '/requests': async () => 'box=all',
}

/** Whoever is signed in sees another screen there. */
export const outside: readonly string[] = ['/sign-in', '/set-up']

const router = new URL('../../packages/web/src/router.tsx', import.meta.url)

/** Every screen, as the router writes it. */
export async function screens(): Promise<readonly string[]> {
  const text = await readFile(router, 'utf8')
  return [...text.matchAll(/\bpath: '([^']+)'/g)].flatMap(([, path]) => path ?? [])
}

/** What a world is given so that screens have something to show. */
export async function furnish(api: Caller): Promise<void> {
  await api.tags.create({ body: { name: 'Seasonal.Harvest', description: 'What is of use at harvest time' } })
  await api.domains.create({
    body: { name: 'harvest', description: 'What is of use at harvest time', tags: ['Seasonal'] },
  })
  await api.identityProviders.create({ body: { name: 'okta' } })
  await api.webhooks.create({
    body: { name: 'chat', url: 'https://hooks.example.com/headgate', kinds: ['brake.held', 'provisioning.failed'] },
  })
  if ((await api.dataProducts.list({ query: one })).total === 0) await askForProduct(api)
}

/** With somebody who waits for it. */
async function askForProduct(api: Caller): Promise<void> {
  const dataSource = await someDataSource(api)
  const body = {
    name: 'Harvests',
    description: 'What was **brought in**',
    dataSources: [Number(dataSource)],
    levels: ['READ' as const],
  }
  const { id, version } = await api.dataProducts.create({ body })
  await api.dataProducts.publish({ params: { id }, ifMatch: String(version) })
  await api.requests.askForProduct({ params: { id }, body: { answers: { purpose: 'to see' }, duration: '7d' } })
}

/** Where each screen is to be seen in a world, by its path in the router; without those that it has nothing to show on. */
export async function addressesIn(api: Caller): Promise<ReadonlyMap<string, string>> {
  const addresses = new Map<string, string>()
  for (const path of await screens()) {
    const found = path.includes('$') ? await withName[path]?.(api) : ''
    if (found === undefined) continue
    const question = await asking[path]?.(api)
    const address = path.replace(/\$.*/, () => String(found))
    addresses.set(path, question === undefined ? address : `${address}?${question}`)
  }
  return addresses
}
