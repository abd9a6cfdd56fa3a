/** Whether one could sign in through an identity provider, in words: what an admin asks before they tell everybody. */
import type { CheckStep } from '@headgate/core/api'
import type { CountedProvider } from '../db/identity-provider.ts'
import { readSettings } from '../db/settings.ts'
import { outboundOf } from '../outbound.ts'
import type { World } from '../world.ts'
import { discover, faultOf } from './oidc-discovery.ts'
import { redirectUriOf } from './oidc-flow.ts'

export interface ProviderCheck {
  readonly status: 'passed' | 'failed' | 'warning'
  readonly steps: CheckStep[]
}

type Needed = Pick<World, 'config' | 'vault' | 'db'>
type Metadata = Readonly<Record<string, unknown>>

export async function checkProvider(world: Needed, row: CountedProvider): Promise<ProviderCheck> {
  const { oidc } = row
  if (!oidc) return checked([failed(setUp, 'OpenID Connect is not set up: send `oidc`')])
  const { publicUrl } = await readSettings(world.db.kysely)
  const steps = [
    row.enabled ? passed(setUp) : warning(setUp, 'it is switched off: nobody signs in through it'),
    publicUrl === null
      ? failed(address, 'set `publicUrl` with PUT /settings')
      : passed(address, `register ${redirectUriOf(publicUrl, row.id)} as redirect URI at the provider`),
  ]
  let metadata: Metadata
  try {
    metadata = (await discover(world, { ...row, oidc })).serverMetadata() as unknown as Metadata
  } catch (error) {
    return checked([...steps, failed(discovery, faultOf(error))])
  }
  steps.push(passed(discovery))
  steps.push(await checkKeys(world, metadata))
  steps.push(checkAbilities(metadata, oidc.clientAuthentication))
  steps.push(checkScopes(metadata, oidc.scopes))
  return checked(steps)
}

const setUp = 'OpenID Connect is set up and switched on'
const address = 'Browsers can be sent back'
const discovery = 'The discovery document can be read and names the configured issuer'
const keys = 'The keys that sign can be read'
const abilities = 'The provider can do what is needed: authorization code, PKCE, the client authentication'
const scopes = 'The provider knows the scopes that are asked for'

async function checkKeys({ config }: Needed, { jwks_uri }: Metadata): Promise<CheckStep> {
  if (typeof jwks_uri !== 'string') return failed(keys, 'the discovery document names no `jwks_uri`')
  try {
    const answer = await outboundOf(config)(jwks_uri, { headers: { accept: 'application/json' } })
    if (!answer.ok) return failed(keys, `\`${jwks_uri}\` answered ${answer.status}`)
    const found = (await answer.json()) as { keys?: unknown }
    return Array.isArray(found?.keys) && found.keys.length > 0 ? passed(keys) : failed(keys, 'there is none')
  } catch (error) {
    return failed(keys, faultOf(error))
  }
}

function checkAbilities(metadata: Metadata, authentication: string): CheckStep {
  const lacks = (name: string, one: string, otherwise: readonly string[]) => {
    const said = metadata[name]
    return !(Array.isArray(said) ? said : otherwise).includes(one)
  }
  if (typeof metadata.authorization_endpoint !== 'string')
    return failed(abilities, 'it names no `authorization_endpoint`')
  if (typeof metadata.token_endpoint !== 'string') return failed(abilities, 'it names no `token_endpoint`')
  if (lacks('response_types_supported', 'code', ['code'])) return failed(abilities, 'it knows no response type `code`')
  if (lacks('token_endpoint_auth_methods_supported', authentication, ['client_secret_basic', 'none'])) {
    return failed(abilities, `it knows no client authentication \`${authentication}\`: choose another`)
  }
  // Many that do it do not say so.
  if (!lacks('code_challenge_methods_supported', 'S256', [])) return passed(abilities)
  return warning(abilities, 'it does not say that it checks PKCE (S256), which Headgate sends all the same')
}

function checkScopes({ scopes_supported: said }: Metadata, asked: readonly string[]): CheckStep {
  const unknown = Array.isArray(said) ? asked.filter(scope => !said.includes(scope)) : []
  if (unknown.length === 0) return passed(scopes)
  return warning(scopes, `it does not name ${unknown.map(scope => `\`${scope}\``).join(', ')} among its scopes`)
}

function checked(steps: CheckStep[]): ProviderCheck {
  const has = (status: CheckStep['status']) => steps.some(step => step.status === status)
  return { status: has('failed') ? 'failed' : has('warning') ? 'warning' : 'passed', steps }
}

function passed(name: string, message?: string): CheckStep {
  return { name, status: 'passed', ...(message === undefined ? {} : { message }) }
}
function failed(name: string, message: string): CheckStep {
  return { name, status: 'failed', message }
}
function warning(name: string, message: string): CheckStep {
  return { name, status: 'warning', message }
}
