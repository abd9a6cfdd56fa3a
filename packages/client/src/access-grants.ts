/**
 * The plugin: puts vended credentials into each request just before it is signed, so that a long copy goes on with new ones
 * when the old have ended.
 *
 * What no grant gives is refused; only `otherwise: 'own'` signs it with the client's own credentials, because a fallback
 * that nobody asked for hides denials and lets people do more than they were granted.
 */
import { S3ControlClient } from '@aws-sdk/client-s3-control'
import { STSClient } from '@aws-sdk/client-sts'
import type {
  AwsCredentialIdentity,
  FinalizeRequestMiddleware,
  MetadataBearer,
  Pluggable,
  Provider,
} from '@smithy/types'
import { NotByAccessGrants } from './errors.ts'
import { instanceFinder } from './instances.ts'
import { type SignedHere, signAs } from './sign.ts'
import { createVendor, type Vendor } from './vendor.ts'
import { type S3Input, wantedBy } from './wanted.ts'

/** Static credentials or a provider, as every SDK client takes them; undefined: the SDK's default chain. */
export type OwnCredentials = AwsCredentialIdentity | Provider<AwsCredentialIdentity>

export interface AccessGrantsOptions {
  /** Who asks AWS for credentials. */
  readonly credentials?: OwnCredentials | undefined
  /** Where a bucket's own region is not told; default `AWS_REGION`'s, as the SDK reads it. */
  readonly region?: string | undefined
  /** What the plugin does with an operation that no grant gives, such as ListBuckets: refuse it (the default), or sign it with the client's own. */
  readonly otherwise?: 'refuse' | 'own' | undefined
  /** Seconds, 900 to 43,200. */
  readonly durationSeconds?: number | undefined
  /** In the place of AWS's own addresses: a sandbox. */
  readonly endpoint?: string | undefined
  /** One for several clients, so that they share what was vended. */
  readonly vendor?: Vendor | undefined
}

/** For `s3.middlewareStack.use(…)`. */
export function accessGrants<Input extends object, Output extends MetadataBearer>(
  options: AccessGrantsOptions = {},
): Pluggable<Input, Output> {
  const { otherwise = 'refuse', vendor = awsVendor(options) } = options
  return {
    applyToStack(stack) {
      stack.addRelativeTo(signWithGrants(vendor, otherwise), {
        relation: 'before',
        toMiddleware: 'httpSigningMiddleware',
        name: 'accessGrants',
        override: true,
      })
      // The input is only known before it becomes a request.
      stack.add(
        (next, context: Remembering) => args => {
          context.accessGrantsInput = args.input as S3Input
          return next(args)
        },
        { step: 'initialize', name: 'accessGrantsInput', override: true },
      )
    },
  }
}

/** A vendor that asks AWS itself, or the sandbox at `endpoint`. */
export function awsVendor({ credentials, region, endpoint, durationSeconds }: AccessGrantsOptions = {}): Vendor {
  const common = credentials === undefined ? {} : { credentials }
  const controls = new Map<string, S3ControlClient>()
  const control = (wanted: string) => {
    const known = controls.get(wanted)
    if (known !== undefined) return known
    const made = new S3ControlClient({ ...common, region: wanted, ...controlEndpoint(endpoint, wanted) })
    controls.set(wanted, made)
    return made
  }
  const there = endpoint === undefined ? {} : { endpoint }
  const sts = new STSClient({ ...common, ...there, ...(region === undefined ? {} : { region }) })
  const findInstance = instanceFinder({ sts, control, region: region ?? 'us-east-1', endpoint })
  return createVendor({ control, findInstance, durationSeconds })
}

interface Remembering extends SignedHere {
  accessGrantsInput?: S3Input
}

function signWithGrants<Input extends object, Output extends MetadataBearer>(
  vendor: Vendor,
  otherwise: 'refuse' | 'own',
): FinalizeRequestMiddleware<Input, Output> {
  return (next, context: Remembering) => async args => {
    const operation = (context.commandName ?? '').replace(/Command$/, '')
    const wanted = wantedBy(operation, context.accessGrantsInput ?? {})
    if (wanted === undefined) {
      if (otherwise === 'own') return next(args)
      throw new NotByAccessGrants(operation)
    }
    for (let again = false; ; again = true) {
      const vended = await vendor.vend(wanted)
      signAs(context, vended.credentials)
      try {
        return await next(args)
      } catch (error) {
        // The grant may be gone or another, or the credentials ended early: whoever comes next asks anew.
        if (isRefusal(error)) vendor.drop(vended)
        if (again || !hasEnded(error) || !canBeSentAgain(args.request)) throw error
      }
    }
  }
}

function isRefusal(error: unknown): boolean {
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode
  return status === 403 || hasEnded(error)
}

function hasEnded(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExpiredToken' || error.name === 'ExpiredTokenException')
}

/** A stream is gone once it was read. */
function canBeSentAgain(request: unknown): boolean {
  const { body } = request as { readonly body?: unknown }
  return body === undefined || typeof body === 'string' || body instanceof Uint8Array
}

/** S3 Control's rules put the account into the host name, which no local address survives. */
function controlEndpoint(endpoint: string | undefined, region: string) {
  if (endpoint === undefined) return {}
  const signing = { signingName: 's3', signingRegion: region, disableDoubleEncoding: true, properties: {} }
  const authSchemes = [{ name: 'sigv4', ...signing }]
  const resolved = { url: new URL(endpoint), properties: { authSchemes }, headers: {} }
  return { endpointProvider: () => resolved, disableHostPrefix: true }
}
