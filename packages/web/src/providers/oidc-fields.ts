/** The OpenID Connect part of a provider as texts that one types, and back. What has no field stays as it was. */
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
    createsUsers: oidc?.createsUsers ?? false,
    trustsEmail: oidc?.trustsEmail ?? false,
    groups: mapping?.groups.map(({ claim }) => claim).join('\n') ?? '',
    attributes: mapping?.attributes.map(({ claim, key }) => `${claim} = ${key}`).join('\n') ?? '',
    principalKind: mapping?.principal?.kind ?? '',
    principalClaim: mapping?.principal?.claim ?? '',
  }
}

/** @throws UserError where a line of the attributes is no pair */
export function oidcOf(fields: OidcFields, before: IdentityProvider['oidc']) {
  const { clientSecret, groups, attributes, principalKind, principalClaim, scopes, ...same } = fields
  const pairs = pairsOf(attributes)
  if (pairs === undefined) throw new UserError('Claims that are attributes: write each line as claim = key.')
  const { hasClientSecret: _, ...kept } = before ?? { hasClientSecret: false }
  return {
    ...kept,
    ...same,
    issuer: fields.issuer.trim(),
    scopes: scopes.split(/\s+/).filter(scope => scope !== ''),
    ...(clientSecret !== '' && fields.clientAuthentication !== 'none' && { clientSecret }),
    mapping: {
      groups: linesOf(groups).map(claim => ({ claim, ...separatorOf(before?.mapping.groups, claim) })),
      attributes: pairs.map(([claim, key]) => ({ claim, key, ...separatorOf(before?.mapping.attributes, claim) })),
      ...(principalKind !== '' && { principal: { kind: principalKind, claim: principalClaim.trim() } }),
    },
  }
}

/** A separator is set by the API alone: an edit of something else keeps it. */
function separatorOf(before: readonly { claim: string; separator?: string | undefined }[] | undefined, claim: string) {
  const separator = before?.find(one => one.claim === claim)?.separator
  return separator === undefined ? {} : { separator }
}
