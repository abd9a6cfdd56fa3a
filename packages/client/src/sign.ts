/**
 * Signs one request with given credentials, where the SDK would take those of its client.
 *
 * The SDK's own signer never looks at the identity of a request, so that it is replaced for this request alone; what it does
 * about a clock that is wrong stays.
 */
import { SignatureV4 } from '@smithy/signature-v4'
import type { AwsCredentialIdentity, ChecksumConstructor, HandlerExecutionContext, HttpSigner } from '@smithy/types'

/** Of the context of a request, as the SDK fills it before it signs. */
export interface SignedHere extends HandlerExecutionContext {
  /** The SDK's own, while ours is in its place: a request that is tried again passes here again. */
  ownSigner?: HttpSigner
}

export function signAs(context: SignedHere, credentials: AwsCredentialIdentity): void {
  const scheme = context.__smithy_context?.selectedHttpAuthScheme as { signer: HttpSigner } | undefined
  if (scheme === undefined)
    throw new Error('this version of the SDK chooses how to sign in a way that is not known here')
  context.ownSigner ??= scheme.signer
  const { ownSigner } = context
  scheme.signer = {
    ...(ownSigner.errorHandler && { errorHandler: ownSigner.errorHandler.bind(ownSigner) }),
    ...(ownSigner.successHandler && { successHandler: ownSigner.successHandler.bind(ownSigner) }),
    sign(request, _identity, properties) {
      const { config, signingRegion, signingName } = properties as unknown as SigningProperties
      const region = signingRegion ?? config.region
      const signer = new SignatureV4({
        ...{ credentials, region, service: signingName ?? 's3', sha256: config.sha256 },
        // As S3 wants it: keys are not escaped twice.
        uriEscapePath: false,
      })
      return signer.sign(request, { signingDate: new Date(Date.now() + (config.systemClockOffset ?? 0)) })
    },
  }
}

/** What the SDK gives its own signer along. */
interface SigningProperties {
  readonly config: {
    readonly region: () => Promise<string>
    readonly sha256: ChecksumConstructor
    readonly systemClockOffset?: number
  }
  readonly signingRegion?: string
  readonly signingName?: string
}
