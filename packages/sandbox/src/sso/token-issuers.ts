/** Identity providers outside AWS, whose tokens Identity Center takes for its own people. */
import { type Input, invalid, objectMember, pageOf, requiredText } from '../json-protocol.ts'
import type { TokenIssuer } from '../state.ts'
import { oneOf, requireInstance, requireTokenIssuer, type SsoCall } from './sso-call.ts'

export function createTrustedTokenIssuer(asked: SsoCall): Input {
  const { input, world } = asked
  const { account, instanceArn } = requireInstance(asked)
  oneOf(input, 'TrustedTokenIssuerType', [type])
  const jwt = objectMember(objectMember(input, 'TrustedTokenIssuerConfiguration'), 'OidcJwtConfiguration')
  oneOf(jwt, 'JwksRetrievalOption', [retrieval])
  const issuerUrl = requiredText(jwt, 'IssuerUrl')
  if (!/^https?:\/\/\S+$/.test(issuerUrl)) throw invalid(`Value '${issuerUrl}' at 'issuerUrl' must be a URL`)
  const issuer: TokenIssuer = {
    arn: `arn:aws:sso::${account}:trustedTokenIssuer/${instanceArn.split('/')[1]}/tti-${world.random.uuid()}`,
    instanceArn,
    account,
    name: requiredText(input, 'Name'),
    issuerUrl,
    claimPath: requiredText(jwt, 'ClaimAttributePath'),
    directoryPath: requiredText(jwt, 'IdentityStoreAttributePath'),
  }
  world.state.tokenIssuers.set(issuer.arn, issuer)
  return { TrustedTokenIssuerArn: issuer.arn }
}

const type = 'OIDC_JWT'
const retrieval = 'OPEN_ID_DISCOVERY'

export function describeTrustedTokenIssuer(asked: SsoCall): Input {
  const { arn, name, issuerUrl, claimPath, directoryPath } = requireTokenIssuer(asked)
  return {
    TrustedTokenIssuerArn: arn,
    Name: name,
    TrustedTokenIssuerType: type,
    TrustedTokenIssuerConfiguration: {
      OidcJwtConfiguration: {
        IssuerUrl: issuerUrl,
        ClaimAttributePath: claimPath,
        IdentityStoreAttributePath: directoryPath,
        JwksRetrievalOption: retrieval,
      },
    },
  }
}

export function listTrustedTokenIssuers(asked: SsoCall): Input {
  const { instanceArn } = requireInstance(asked)
  const own = asked.world.state.tokenIssuers.values().filter(one => one.instanceArn === instanceArn)
  const page = pageOf(asked.input, own, ({ arn }) => arn)
  return {
    TrustedTokenIssuers: page.items.map(({ arn, name }) => ({
      TrustedTokenIssuerArn: arn,
      Name: name,
      TrustedTokenIssuerType: type,
    })),
    ...page.next,
  }
}

export function deleteTrustedTokenIssuer(asked: SsoCall): Input {
  asked.world.state.tokenIssuers.delete(requireTokenIssuer(asked).arn)
  return {}
}
