/**
 * What identity providers say of themselves: fetched when first needed, kept for a while, fetched anew after a fault.
 *
 * Every call goes through `outbound.ts`. The issuer has to be the configured one to the letter: a provider that speaks
 * for many (a template as issuer) would let in anybody who has an account with its maker.
 */
import { Problem } from '@headgate/core/api'
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client'
import type { ProviderRow } from '../db/identity-provider.ts'
import { type Outbound, OutboundError, outboundOf } from '../outbound.ts'
import type { World } from '../world.ts'
import { clientSecretContext } from './client-secrets.ts'

export type OidcProvider = Omit<ProviderRow, 'oidc'> & {
  readonly oidc: NonNullable<ProviderRow['oidc']>
}

export interface Discoveries {
  /** @throws Problem `sign-in-provider-down`, with what is wrong as its cause */
  configurationOf(provider: OidcProvider): Promise<Configuration>
  /** After a fault: the provider may have other keys by now. */
  forget(provider: OidcProvider): void
}

type Needed = Pick<World, 'config' | 'vault'>

/** Long enough to spare the provider, short enough for its changes to arrive without anybody's doing. */
const lifeMs = 600_000
/** A provider that is down is not asked for every browser that tries. */
const faultLifeMs = 3_000

export function discoveries(world: Needed): Discoveries {
  const known = new Map<string, { readonly until: number; readonly found: Promise<Configuration> }>()
  const keyOf = ({ id, version }: OidcProvider) => `${id}/${version}`
  return {
    async configurationOf(provider) {
      const key = keyOf(provider)
      const held = known.get(key)
      if (held && held.until > Date.now()) return held.found
      for (const old of known.keys()) if (old.startsWith(`${provider.id}/`)) known.delete(old)
      const found = discover(world, provider)
      known.set(key, { until: Date.now() + lifeMs, found })
      found.catch(() => {
        if (known.get(key)?.found === found) known.set(key, { until: Date.now() + faultLifeMs, found })
      })
      return found
    },
    forget: provider => void known.delete(keyOf(provider)),
  }
}

/** @throws Problem `sign-in-provider-down` */
export async function discover({ config, vault }: Needed, provider: OidcProvider): Promise<Configuration> {
  const { name, oidc } = provider
  try {
    const client = await discovery(new URL(oidc.issuer), oidc.clientId, undefined, clientAuth(vault, provider), {
      [customFetch]: fetchBy(outboundOf(config)),
      // Whether plain http may be used is decided where the connection is made.
      execute: [allowInsecureRequests, enableNonRepudiationChecks],
      timeout: 10,
    })
    const { issuer } = client.serverMetadata()
    if (issuer === oidc.issuer) return client
    throw new OutboundError(`it calls itself \`${issuer}\`: write the issuer exactly like that`)
  } catch (error) {
    throw new Problem('sign-in-provider-down', { provider: name }, { cause: error })
  }
}

/** Whether the provider was not reached, rather than said something wrong. */
export function isUnreached(error: unknown): boolean {
  for (let one = error; one instanceof Error; one = one.cause) if (one instanceof OutboundError) return true
  return false
}

/** What is wrong, in words for an admin: never more of an answer than what kind of thing it is. */
export function faultOf(error: unknown): string {
  for (let one = error; one instanceof Error; one = one.cause) {
    if (one instanceof OutboundError) return one.message
    const { expected } = (one.cause ?? {}) as { expected?: unknown }
    const isIssuer = (one.cause as { attribute?: unknown } | undefined)?.attribute === 'issuer'
    const body = (one.cause as { body?: { issuer?: unknown } } | undefined)?.body
    if (isIssuer && typeof expected === 'string') {
      return `its discovery document names another issuer (\`${String(body?.issuer).slice(0, 300)}\`): write the issuer exactly like that`
    }
  }
  const outer = error instanceof Problem ? error.cause : error
  const message = outer instanceof Error ? outer.message : 'something went wrong'
  const status = statusOf(outer)
  return status === undefined ? message : `${message} (it answered ${status})`
}

function statusOf(error: unknown): number | undefined {
  for (let one = error; one instanceof Error; one = one.cause) {
    const found = [one, one.cause].find(part => part instanceof Response || typeof readStatus(part) === 'number')
    if (found !== undefined) return readStatus(found)
  }
  return undefined
}

function readStatus(part: unknown): number | undefined {
  const { status } = (part ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}

function fetchBy(outbound: Outbound): CustomFetch {
  return async (url, { method, headers, body, signal }) =>
    outbound(url, {
      method,
      headers,
      ...(signal ? { signal } : {}),
      ...(body === undefined || body === null ? {} : { body: String(body) }),
    })
}

function clientAuth(vault: World['vault'], { id, client_secret: sealed, oidc }: OidcProvider): ClientAuth {
  if (oidc.clientAuthentication === 'none') return None()
  if (!sealed) throw new OutboundError('its client secret is missing: set it')
  const secret = vault.open(sealed, clientSecretContext(id))
  return oidc.clientAuthentication === 'client_secret_post' ? ClientSecretPost(secret) : ClientSecretBasic(secret)
}
