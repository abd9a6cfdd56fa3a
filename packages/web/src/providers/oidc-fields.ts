/** The OpenID Connect part of a provider as texts that one types, and back. */
import type { ClaimMapping, IdentityProvider, OidcSettings } from '@headgate/core/api'
import { UserError } from '../ui/error-words.ts'
import { linesOf, pairsOf } from './words.ts'

export interface OidcFields {
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuthentication: OidcSettings['clientAuthentication']
  readonly scopes: string
  readonly userNameClaim: string
  readonly fullNameClaim: string
  readonly emailClaim: string
  readonly createsUsers: boolean
  readonly trustsEmail: boolean
  readonly groups: string
  readonly attributes: string
  readonly principalKind: '' | NonNullable<ClaimMapping['principal']>['kind']
  readonly principalClaim: string
}

export function fieldsOf(oidc: IdentityProvider['oidc']): OidcFields {
  const { mapping } = oidc ?? {}
  return {
    issuer: oidc?.issuer ?? '',
    clientId: oidc?.clientId ?? '',
    clientSecret: '',
    clientAuthentication: oidc?.clientAuthentication ?? 'client_secret_basic',
    scopes: oidc?.scopes.join(' ') ?? 'openid profile email',
    userNameClaim: oidc?.userNameClaim ?? 'preferred_username',
    fullNameClaim: oidc?.fullNameClaim ?? 'name',
    emailClaim: oidc?.emailClaim ?? 'email',
    createsUsers: oidc?.createsUsers ?? false,
    trustsEmail: oidc?.trustsEmail ?? false,
    groups: mapping?.groups.map(({ claim, separator }) => claim + printSeparator(separator)).join('\n') ?? '',
    attributes:
      mapping?.attributes
        .map(({ claim, key, separator }) => `${claim} = ${key}${printSeparator(separator)}`)
        .join('\n') ?? '',
    principalKind: mapping?.principal?.kind ?? '',
    principalClaim: mapping?.principal?.claim ?? '',
  }
}

/** @throws UserError where a line of the attributes is no pair */
export function oidcOf(fields: OidcFields, before: IdentityProvider['oidc']) {
  const { clientSecret, groups, attributes, principalKind, principalClaim, scopes, ...same } = fields
  const pairs = linesOf(attributes).map(line => {
    const { text, separator } = readSeparator(line)
    return pairsOf(text)?.map(([claim, key]) => ({ claim, key, ...separator }))
  })
  if (!pairs.every(pair => pair !== undefined))
    throw new UserError('Claims that are attributes: write each line as claim = key.')
  const { hasClientSecret: _, ...kept } = before ?? { hasClientSecret: false }
  return {
    ...kept,
    ...same,
    issuer: fields.issuer.trim(),
    scopes: scopes.split(/\s+/).filter(scope => scope !== ''),
    ...(clientSecret !== '' && fields.clientAuthentication !== 'none' && { clientSecret }),
    mapping: {
      groups: linesOf(groups).map(line => {
        const { text, separator } = readSeparator(line)
        return { claim: text, ...separator }
      }),
      attributes: pairs.flat(),
      ...(principalKind !== '' && { principal: { kind: principalKind, claim: principalClaim.trim() } }),
    },
  }
}

/** With it one text of the claim is several values: `department = Department, separated by ;`. */
function printSeparator(separator: string | undefined): string {
  return separator === undefined ? '' : `, separated by ${separator}`
}

function readSeparator(line: string): { text: string; separator: { separator?: string } } {
  const [, text, separator] = /^(.*?),? separated by (\S.{0,4})$/.exec(line) ?? []
  return text === undefined || separator === undefined
    ? { text: line, separator: {} }
    : { text: text.trim(), separator: { separator } }
}
