/** A browser's way to an identity provider and back. See `directory/oidc-sign-in.ts` for what happens there. */
import { api } from '@headgate/core/api'
import { providersToSignIn } from '../db/identity-provider.ts'
import { readSettings } from '../db/settings.ts'
import { discoveries } from '../directory/oidc-discovery.ts'
import { beginSignIn, endSignIn } from '../directory/oidc-sign-in.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function signInRoutes(serve: Serve, world: World): void {
  const { db } = world
  const known = discoveries(world)

  serve(api.providerSignIn.providers, async () => {
    const [{ localAccounts }, providers] = await Promise.all([readSettings(db.kysely), providersToSignIn(db.kysely)])
    return { body: { localAccounts, providers } }
  })
  serve(api.providerSignIn.begin, async ({ params: { id }, query, client }) => {
    const { location, cookies } = await beginSignIn(world, known, id, query.returnTo, client)
    return { body: undefined, location, cookies }
  })
  serve(api.providerSignIn.end, async ({ params: { id }, query, client }) => {
    const { location, cookies } = await endSignIn(world, known, id, queryText(query), client)
    return { body: undefined, location, cookies }
  })
}

/** As it came: what is said twice stays twice, which the library refuses. */
function queryText(query: Readonly<Record<string, unknown>>): string {
  const text = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) text.append(name, String(one))
  }
  return text.toString()
}
