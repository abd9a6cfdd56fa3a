/**
 * Every screen of the app, by the address that `router.tsx` gives it, and where to find one with something on it.
 *
 * The one list: `npm run screenshots` takes a picture of each, and a test visits each. `screens.test.ts` holds it equal
 * to the router.
 */
import type { Caller } from '@headgate/core/api'

/** An address of a screen; undefined where this world has nothing to show on it. */
type Find = (api: Caller) => Promise<string | number | undefined>

const one = { limit: 1 } as const
const first = async (list: Promise<{ readonly items: readonly { readonly id: string | number }[] }>) =>
  (await list).items[0]?.id

/** Those without a name in their address need nothing to be found. */
const withName: Readonly<Record<string, Find>> = {
  '/integrations/$id': async api => (await api.integrations.list())[0]?.id,
  '/data-sources/$id': api => first(api.dataSources.list({ query: { ...one, search: 'claims' } })),
  '/find/$id': api => first(api.dataSources.list({ query: one })),
  '/domains/$name': async api => (await api.domains.list({ query: one })).items[0]?.name,
  '/policies/$id': api => first(api.policies.list({ query: { ...one, state: 'active' } })),
  '/people/$id': api => first(api.users.list({ query: { ...one, search: 'ann@' } })),
  '/groups/$id': api => first(api.groups.list({ query: one })),
  '/webhooks/$id': api => first(api.webhooks.list()),
  '/identity-providers/$id': api => first(api.identityProviders.list()),
  '/runs/$id': api => first(api.runs.list({ query: one })),
  '/exports/$id': async api => (await api.accessExports.list())[0]?.id,
  '/exports/audit/$id': async api => (await api.auditExports.list())[0]?.id,
  '/explain/$person/$dataSource': async api => {
    const person = await first(api.users.list({ query: { ...one, search: 'ann@' } }))
    const dataSource = await first(api.dataSources.list({ query: { ...one, search: 'claims' } }))
    return person === undefined || dataSource === undefined ? undefined : `${person}/${dataSource}`
  },
}

/** Whoever is signed in sees another screen there. */
export const outside: readonly string[] = ['/sign-in', '/set-up']

const plain: readonly string[] = [
  ...['/', '/integrations', '/integrations/new', '/data-sources', '/data-sources/register', '/find', '/domains'],
  ...['/policies', '/policies/new', '/people', '/people/new', '/people/files', '/people/advice', '/groups'],
  ...['/account', '/settings', '/settings/e-mail', '/webhooks', '/inbox', '/identity-providers', '/runs', '/audit'],
  ...['/exports', '/exports/new', '/exports/audit/new', '/grants'],
]

/** As the router writes them. */
export const screens: readonly string[] = [...outside, ...plain, ...Object.keys(withName)]

/** Where each screen is to be seen in a world, by its path in the router. */
export async function addressesIn(api: Caller): Promise<ReadonlyMap<string, string>> {
  const addresses = new Map(outside.concat(plain).map(path => [path, path]))
  for (const [path, find] of Object.entries(withName)) {
    const found = await find(api)
    if (found !== undefined)
      addresses.set(
        path,
        path.replace(/\$.*/, () => String(found)),
      )
  }
  return addresses
}
