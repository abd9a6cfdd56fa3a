/**
 * Credentials from S3 Access Grants, asked for once: kept by what they cover, shared by those who ask at the same time, and
 * renewed before they end. A refusal is kept for a moment only, so that a fresh grant is seen soon.
 *
 * Never falls back to the caller's own credentials, and never writes to a disk.
 */
import type { S3ControlClient } from '@aws-sdk/client-s3-control'
import { GetDataAccessCommand } from '@aws-sdk/client-s3-control'
import { AccessDenied } from './errors.ts'
import type { FindInstance, Instance } from './instances.ts'
import { createKept } from './kept.ts'
import { isPrefix } from './scope.ts'
import type { Permission, Wanted } from './wanted.ts'

/** As the SDK signs with them. */
export interface VendedCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  readonly expiration: Date
}

export interface Vended {
  readonly bucket: string
  /** What AWS says that they cover: the scope of the matching grant. */
  readonly scope: string
  readonly permission: Permission
  readonly credentials: VendedCredentials
  /** Milliseconds since 1970; from then on new ones are asked for. */
  readonly renewAt: number
}

export interface VendorOptions {
  control(region: string): Pick<S3ControlClient, 'send'>
  readonly findInstance: FindInstance
  /** Seconds that credentials live, 900 to 43,200; undefined: AWS's default of an hour. The time a revocation may take to bite. */
  readonly durationSeconds?: number | undefined
  /** Milliseconds that a refusal is kept. */
  readonly refusalMs?: number | undefined
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined
}

export interface Vendor {
  /** Throws AccessDenied where no grant covers it, and the SDK's own errors for everything else. */
  vend(wanted: Wanted): Promise<Vended>
  /** Forgets credentials that S3 no longer takes. */
  drop(vended: Vended): void
}

const defaultRefusalMs = 10_000

export function createVendor(options: VendorOptions): Vendor {
  const { findInstance, refusalMs = defaultRefusalMs, now = Date.now } = options
  const kept = createKept()
  const instances = new Map<string, Promise<Instance>>()
  /** Under way, by bucket and permission: whoever comes later may well be covered by the answer. */
  const underWay = new Map<string, Promise<Vended | undefined>>()
  /** Where the last answer was for one object, the next is hardly covered by another: nobody waits there. */
  const byObject = new Set<string>()

  const instanceOf = (bucket: string) => {
    const known = instances.get(bucket)
    if (known !== undefined) return known
    const asked = findInstance(bucket)
    instances.set(bucket, asked)
    asked.catch(() => instances.delete(bucket))
    return asked
  }

  async function ask(wanted: Wanted): Promise<Vended> {
    try {
      const instance = await instanceOf(wanted.bucket)
      const vended = await getDataAccess(options, instance, wanted, now())
      kept.keep(vended)
      return vended
    } catch (error) {
      const denial = asDenial(error, wanted.target)
      if (denial !== undefined) kept.refuse(wanted, denial, now() + refusalMs)
      throw denial ?? error
    }
  }

  async function vend(wanted: Wanted): Promise<Vended> {
    for (;;) {
      const found = kept.find(wanted, now())
      if (found !== undefined) return found
      const refusal = kept.refusal(wanted, now())
      if (refusal !== undefined) throw refusal
      const group = `${wanted.permission} ${wanted.bucket}`
      const key = byObject.has(group) ? `${group} ${wanted.target}` : group
      const ahead = underWay.get(key)
      if (ahead === undefined) {
        const asked = ask(wanted)
        const settled = asked.catch(() => undefined).finally(() => underWay.delete(key))
        underWay.set(key, settled)
        const vended = await asked
        if (isPrefix(vended.scope)) byObject.delete(group)
        else byObject.add(group)
        return vended
      }
      await ahead
    }
  }

  return { vend, drop: kept.drop }
}

async function getDataAccess(
  { control, durationSeconds }: VendorOptions,
  { accountId, region }: Instance,
  { bucket, target, permission }: Wanted,
  askedAt: number,
): Promise<Vended> {
  const { Credentials, MatchedGrantTarget } = await control(region).send(
    new GetDataAccessCommand({
      AccountId: accountId,
      Target: target,
      Permission: permission,
      Privilege: 'Default',
      DurationSeconds: durationSeconds,
    }),
  )
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {}
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration || !MatchedGrantTarget)
    throw new Error(`AWS answered a request for ${target} without credentials`)
  return {
    ...{ bucket, scope: MatchedGrantTarget, permission },
    credentials: {
      ...{ accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey },
      ...{ sessionToken: SessionToken, expiration: Expiration },
    },
    renewAt: Expiration.getTime() - aheadOfTheEnd(Expiration.getTime() - askedAt),
  }
}

/** Five minutes, as the SDK renews its own; of short ones a tenth. */
function aheadOfTheEnd(lifeMs: number): number {
  return Math.min(5 * 60_000, lifeMs / 10)
}

/** AWS's 403 tells the two layers apart by its words alone (facts 2.11). */
function asDenial(error: unknown, target: string): AccessDenied | undefined {
  if (!(error instanceof Error) || error.name !== 'AccessDenied') return undefined
  const layer = /identity-based policy|is not authorized to perform/.test(error.message) ? 'identityPolicy' : 'grant'
  return new AccessDenied(target, layer, error)
}
