/**
 * Making, changing and ending identity providers. An APPLICATION_ADMIN says who may assert what; never what people are.
 *
 * The issuer of a provider through which somebody has signed in is fixed: subjects of another one would be other people.
 */
import { nameKey } from '@headgate/core'
import { Problem } from '@headgate/core/api'
import { type Act, type Actor, act, type Done } from '../db/act.ts'
import {
  deleteProvider,
  insertProvider,
  lockProvider,
  type ProviderRow,
  type ProviderSettings,
  storeClientSecret,
  updateProvider,
} from '../db/identity-provider.ts'
import { lockPerson } from '../db/person.ts'
import { findIdentity, hasIdentities, linkPerson, unlinkPerson } from '../db/person-identity.ts'
import { lockPrincipals } from '../db/principal.ts'
import { countAsserted, makeAllLocal, takeAllBack, takeBackForbidden } from '../db/provider-end.ts'
import { endSessions } from '../db/sign-in-session.ts'
import type { Sealed } from '../secrets.ts'
import type { World } from '../world.ts'
import { allowedKey } from './allow-list.ts'
import { clientSecretContext } from './client-secrets.ts'
import { openerOf } from './confine-key.ts'
import { type Opener, refuseMightier } from './in-their-name.ts'
import { refuseReserved } from './reserved-names.ts'

export interface ProviderInput extends Omit<ProviderSettings, 'oidc'> {
  readonly oidc: (NonNullable<ProviderSettings['oidc']> & { readonly clientSecret?: string | null | undefined }) | null
}

/** What else `source` and `via` may say. */
const ownSources = ['local', 'marketplace', 'built-in', 'api-key', 'headgate']

/** @throws Problem `identity-provider-exists`, `identity-provider-invalid`, `name-reserved` */
export async function createProvider(
  { db, vault }: Pick<World, 'db' | 'vault'>,
  caller: Actor,
  name: string,
  input: ProviderInput,
): Promise<Done<number>> {
  refuseReserved(name, ...input.attributeKeys, ...input.groupPatterns)
  if (ownSources.includes(nameKey(name)))
    throw invalid(name, 'the name says where other things come from: choose another')
  if (name.includes('/')) throw invalid(name, 'a name with `/` reads like a group of a provider: leave it out')
  const { settings, clientSecret } = split(input)
  refuseUnusable(name, settings, clientSecret !== undefined && clientSecret !== null, false)
  return act(db, caller, async doing => {
    const { id } = await insertProvider(doing, name, settings)
    if (clientSecret) await storeClientSecret(doing.tx, id, vault.seal(clientSecret, clientSecretContext(id)))
    return id
  })
}

/** @throws Problem `identity-provider-not-found`, `identity-provider-invalid`, `name-reserved`, `version-stale` */
export async function replaceProvider(
  { db, vault }: Pick<World, 'db' | 'vault'>,
  caller: Actor,
  id: number,
  version: number,
  input: ProviderInput,
): Promise<Done<void>> {
  refuseReserved(...input.attributeKeys, ...input.groupPatterns)
  const { settings, clientSecret } = split(input)
  return act(db, caller, async doing => {
    const before = await lockProvider(doing.tx, id)
    // Without OpenID Connect there is no client, and with a public one no secret.
    const keepsNone = settings.oidc === null || settings.oidc.clientAuthentication === 'none'
    const secret = keepsNone ? null : sealed(vault, id, clientSecret)
    const hasSecret = secret === undefined ? before.client_secret !== null : secret !== null
    refuseUnusable(before.name, settings, hasSecret, before.scim !== null)
    await refuseOtherIssuer(doing, before, settings)
    await updateProvider(doing, before, version, settings, secret)
    await takeBackForbidden(doing, before, settings)
    if (!settings.enabled || settings.oidc === null) await endSessions(doing.tx, { via: before.name })
  })
}

/** @throws Problem `identity-provider-not-found`; `identity-provider-in-use` unless it is to be forced */
export async function removeProvider(
  { db }: Pick<World, 'db'>,
  caller: Actor,
  id: number,
  force: boolean,
): Promise<Done<void>> {
  return act(db, caller, async doing => {
    const provider = await lockProvider(doing.tx, id)
    const asserted = await countAsserted(doing.tx, provider.name)
    const uses = Object.entries(asserted).filter(([, count]) => count > 0)
    if (uses.length > 0 && !force) {
      const told = uses.map(([what, count]) => `${count} ${what}`).join(', ')
      throw new Problem('identity-provider-in-use', { name: provider.name, uses: told })
    }
    await takeAllBack(doing, provider.name)
    await makeAllLocal(doing, provider.name)
    await endSessions(doing.tx, { via: provider.name })
    await deleteProvider(doing, provider, { asserted })
  })
}

/**
 * A mightier account is not linked: the provider's people could come in by it.
 * @throws Problem `identity-provider-not-found`, `user-not-found`, `identity-taken`, `permission-missing`,
 *   `account-mightier`
 */
export async function linkToProvider(
  { db }: Pick<World, 'db'>,
  caller: Actor & Opener,
  {
    provider: id,
    person,
    subject,
  }: { readonly provider: number; readonly person: number; readonly subject: string | null },
): Promise<void> {
  await act(db, caller, async doing => {
    const { name } = await lockProvider(doing.tx, id)
    const owner = await lockPerson(doing.tx, person)
    const opensAnew = await refuseMightier(doing.tx, caller, owner)
    const before = await findIdentity(doing.tx, name, person)
    await linkPerson(doing, name, owner, subject, opensAnew ? openerOf(caller, person) : null)
    // Whoever signed in as another subject is not known by it any more.
    const isOther = before !== undefined && before.subject !== null && before.subject !== subject
    if (isOther) await endSessions(doing.tx, { person, via: name })
  })
}

/** @throws Problem `identity-provider-not-found`, `user-not-found`, `identity-managed` */
export async function unlinkFromProvider(
  { db }: Pick<World, 'db'>,
  caller: Actor,
  { provider: id, person }: { readonly provider: number; readonly person: number },
): Promise<Done<void>> {
  return act(db, caller, async doing => {
    const { name } = await lockProvider(doing.tx, id)
    // Before the person is locked, as everybody does who changes principals.
    await lockPrincipals(doing.tx)
    const owner = await lockPerson(doing.tx, person)
    if (!(await findIdentity(doing.tx, name, person))) return
    if (owner.provider === name) throw new Problem('identity-managed', { userid: owner.userid, provider: name })
    await unlinkPerson(doing, name, owner)
    await takeAllBack(doing, name, person)
    await endSessions(doing.tx, { person, via: name })
  })
}

function split({ oidc, ...rest }: ProviderInput) {
  if (oidc === null) return { settings: { ...rest, oidc: null }, clientSecret: null }
  const { clientSecret, ...settings } = oidc
  return { settings: { ...rest, oidc: settings }, clientSecret }
}

function sealed(vault: World['vault'], id: number, secret: string | null | undefined): Sealed | null | undefined {
  return typeof secret === 'string' ? vault.seal(secret, clientSecretContext(id)) : secret
}

/** @throws Problem `identity-provider-invalid` */
function refuseUnusable(name: string, settings: ProviderSettings, hasSecret: boolean, hasScim: boolean): void {
  const { oidc } = settings
  if (!oidc) return
  const { groups, attributes, principal } = oidc.mapping
  if (oidc.clientAuthentication !== 'none' && !hasSecret) {
    throw invalid(name, 'a client secret is missing: send `oidc.clientSecret`, or say `"clientAuthentication": "none"`')
  }
  if (hasScim && groups.length + attributes.length + (principal && principal.kind !== 'none' ? 1 : 0) > 0) {
    throw invalid(name, 'its groups, attributes and principals come by SCIM: leave `oidc.mapping` out')
  }
  const refused = attributes.find(({ key }) => allowedKey(settings, key) === undefined)
  if (refused) {
    throw invalid(
      name,
      `a claim is mapped to \`${refused.key}\`, which it may not assert: add that to \`attributeKeys\``,
    )
  }
  if (groups.length > 0 && settings.groupPatterns.length === 0) {
    throw invalid(name, 'claims are mapped to groups, of which it may assert none: add some to `groupPatterns`')
  }
}

/** @throws Problem `identity-provider-invalid` */
async function refuseOtherIssuer({ tx }: Act, before: ProviderRow, { oidc }: ProviderSettings): Promise<void> {
  const known = before.oidc?.issuer
  if (!oidc || known === oidc.issuer) return
  // Whoever it knows by name alone would be let in by the new one.
  if (!(await hasIdentities(tx, before.name, known === undefined))) return
  throw invalid(
    before.name,
    known === undefined
      ? 'people have signed in through it before, by an issuer that may have been another: make another identity provider'
      : `people are known by \`${known}\`, so its issuer stays: make another identity provider`,
  )
}

function invalid(name: string, reason: string): Problem {
  return new Problem('identity-provider-invalid', { name, reason })
}
