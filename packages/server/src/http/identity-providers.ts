/** Identity providers: who may assert what. Nobody links themselves, or one admin could become another. */
import { api, type IdentityProvider } from '@headgate/core/api'
import { type CountedProvider, getProvider, listProviders } from '../db/identity-provider.ts'
import { listKnown } from '../db/person-identity.ts'
import { readSettings } from '../db/settings.ts'
import { checkProvider } from '../directory/check-provider.ts'
import {
  createProvider,
  linkToProvider,
  removeProvider,
  replaceProvider,
  unlinkFromProvider,
} from '../directory/identity-providers.ts'
import { redirectUriOf } from '../directory/oidc-flow.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'
import { refuseSelf } from './users.ts'

export function identityProviderRoutes(serve: Serve, world: World): void {
  const { db } = world
  const shown = async (id: number) => {
    const [row, { publicUrl }] = await Promise.all([getProvider(db.kysely, id), readSettings(db.kysely)])
    return { body: present(row, publicUrl), version: row.version }
  }

  serve(api.identityProviders.list, async ({ query }) => {
    const { publicUrl } = await readSettings(db.kysely)
    const page = await listProviders(db.kysely, query)
    return { body: { ...page, items: page.items.map(row => present(row, publicUrl)) } }
  })
  serve(api.identityProviders.get, async ({ params }) => shown(params.id))
  serve(api.identityProviders.create, async ({ body: { name, ...input }, caller }) => {
    const { result: id } = await createProvider(world, caller, name, input)
    return shown(id)
  })
  serve(api.identityProviders.replace, async ({ params: { id }, body, version, caller }) => {
    const { sequence } = await replaceProvider(world, caller, id, version, body)
    return { ...(await shown(id)), sequence }
  })
  serve(api.identityProviders.remove, async ({ params: { id }, query, caller }) => {
    const { sequence } = await removeProvider(world, caller, id, query.force === 'true')
    return { body: undefined, sequence }
  })
  serve(api.identityProviders.check, async ({ params }) => ({
    body: await checkProvider(world, await getProvider(db.kysely, params.id)),
  }))
  serve(api.identityProviders.people, async ({ params, query }) => {
    const { name } = await getProvider(db.kysely, params.id)
    return { body: await listKnown(db.kysely, name, query) }
  })
  serve(api.identityProviders.link, async ({ params: { id, userId }, body, caller }) => {
    refuseSelf(caller, userId, 'account')
    await linkToProvider(world, caller, { provider: id, person: userId, subject: body.subject ?? null })
    return { body: undefined }
  })
  serve(api.identityProviders.unlink, async ({ params: { id, userId }, caller }) => {
    refuseSelf(caller, userId, 'account')
    const { sequence } = await unlinkFromProvider(world, caller, { provider: id, person: userId })
    return { body: undefined, sequence }
  })
}

function present(row: CountedProvider, publicUrl: string | null): IdentityProvider {
  const { id, name, enabled, people, groups, version } = row
  return {
    ...{ id, name, enabled, people, groups, version },
    attributeKeys: row.attribute_keys,
    groupPatterns: row.group_patterns,
    oidc: row.oidc && { ...row.oidc, hasClientSecret: row.client_secret !== null },
    ...(publicUrl === null ? {} : { redirectUri: redirectUriOf(publicUrl, id) }),
    hasScim: row.scim !== null,
    createdAt: new Date(row.created_at).toISOString(),
  }
}
