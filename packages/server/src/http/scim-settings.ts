/** How an identity provider syncs people by SCIM, and the token that it calls with. See `scim.ts` for the calls themselves. */
import { api, Problem, type ScimMapping } from '@headgate/core/api'
import { act } from '../db/act.ts'
import { deleteScimTokens, insertScimToken, lockProvider, scimSettingsOf, storeMapping } from '../db/scim-provider.ts'
import { readSettings } from '../db/settings.ts'
import { newKey } from '../directory/new-key.ts'
import { isReserved } from '../directory/reserved-names.ts'
import { valuesAt } from '../scim/user-resource.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function scimSettingsRoutes(serve: Serve, { db }: World): void {
  const present = async (id: number) => {
    const { publicUrl } = await readSettings(db.kysely)
    return { ...(await scimSettingsOf(db.kysely, id)), address: `${publicUrl ?? ''}/scim/v2` }
  }

  serve(api.scimSettings.get, async ({ params: { id } }) => ({ body: await present(id) }))
  serve(api.scimSettings.replace, async ({ params: { id }, body, caller }) => {
    await act(db, caller, async doing => {
      const provider = await lockProvider(doing.tx, id)
      refuseUnusable(provider, body)
      await storeMapping(doing, provider, body)
    })
    return { body: await present(id) }
  })
  serve(api.scimSettings.remove, async ({ params: { id }, caller }) => {
    await act(db, caller, async doing => {
      const provider = await lockProvider(doing.tx, id)
      await deleteScimTokens(doing, provider.name)
      await storeMapping(doing, provider, null)
    })
    return { body: undefined }
  })
  serve(api.scimSettings.rotateToken, async ({ params: { id }, caller }) => {
    const { key, hash } = newKey('hgs_')
    await act(db, caller, async doing => {
      const provider = await lockProvider(doing.tx, id)
      if (!provider.scim) throw new Problem('scim-not-set-up', { id })
      await insertScimToken(doing, provider, hash)
    })
    return { body: { token: key } }
  })
}

/** @throws Problem `identity-provider-invalid` */
function refuseUnusable(
  provider: Awaited<ReturnType<typeof lockProvider>>,
  { attributes, principal }: ScimMapping,
): void {
  const refuse = (reason: string) => new Problem('identity-provider-invalid', { name: provider.name, reason })
  const { groups = [], attributes: claims = [], principal: claim } = provider.oidc?.mapping ?? {}
  if (groups.length > 0 || claims.length > 0 || (claim && claim.kind !== 'none')) {
    throw refuse(
      'groups, attributes and principals come from SCIM or from claims, not from both: empty the claim mapping',
    )
  }
  for (const { path, key } of attributes) {
    if (isReserved(key)) throw new Problem('name-reserved', { name: key })
    if (!provider.attribute_keys.includes(key))
      throw refuse(`attribute key \`${key}\` is not among those it may assert`)
    refusePath(path, refuse)
  }
  if (principal) refusePath(principal.path, refuse)
}

function refusePath(path: string, refuse: (reason: string) => Problem): void {
  try {
    valuesAt({}, path)
  } catch (error) {
    throw error instanceof Problem ? refuse(error.message) : error
  }
}
