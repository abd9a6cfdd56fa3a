/** What can be refused, and by whom: AWS tells of a denial in three wordings from three layers (docs/credentials.md). */

/** Access Grants has no grant for the caller: the layer is the grant, not IAM and not the bucket. */
export class AccessDenied extends Error {
  override readonly name = 'AccessDenied'
  /** So that code written for the SDK's own refusals finds the status where it looks for it. */
  readonly $metadata = { httpStatusCode: 403 }
  readonly target: string
  readonly layer: 'grant' | 'identityPolicy'

  constructor(target: string, layer: 'grant' | 'identityPolicy', cause: unknown) {
    const why = cause instanceof Error ? `: ${cause.message}` : ''
    super(
      layer === 'grant'
        ? `no access grant of yours covers ${target}${why}`
        : `your own AWS identity may not ask for access grants${why}`,
      { cause },
    )
    this.target = target
    this.layer = layer
  }
}

/** One request signs with one set of credentials, and a grant never spans two buckets. */
export class DifferentBuckets extends Error {
  override readonly name = 'DifferentBuckets'

  constructor(from: string, to: string) {
    super(`an access grant never covers two buckets: copy from ${from} to ${to} by reading and writing`)
  }
}

/** An operation that no grant can give, such as making a bucket. */
export class NotByAccessGrants extends Error {
  override readonly name = 'NotByAccessGrants'

  constructor(operation: string) {
    super(
      `${operation} is nothing that S3 Access Grants gives: use a client without the plugin, or \`otherwise: 'own'\` to sign it with your own credentials`,
    )
  }
}
