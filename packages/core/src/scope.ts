/**
 * S3 paths: the only place that knows how they are written, joined, compared and handed to AWS.
 *
 * Keys are case-sensitive text and stay exactly as written: never decoded, trimmed or collapsed (`//` and `..` are
 * legal key text). What a scope covers is a question of leading characters, as in Access Grants; nothing here
 * guesses folders. Rules: page 02 "Scopes"; AWS facts 2.1, 2.2. Nothing throws: each refusal is a value with a code.
 */

/**
 * A normalised S3 path with its kind.
 *
 * | kind     | text        | key     | stands for                                   |
 * |----------|-------------|---------|----------------------------------------------|
 * | `bucket` | `s3://b/*`  | `''`    | every object of the bucket                   |
 * | `prefix` | `s3://b/p*` | `'p'`   | every object whose key starts with `key`     |
 * | `object` | `s3://b/k`  | `'k'`   | exactly one object (`S3PrefixType=Object`)   |
 *
 * INVARIANT: `key` is empty exactly when `kind` is `bucket`.
 */
export interface Scope {
  readonly bucket: string
  /** The text before the closing `*`, or the whole key of an object. */
  readonly key: string
  readonly kind: 'bucket' | 'prefix' | 'object'
}

export type ScopeErrorCode =
  | 'scope-not-s3'
  | 'scope-bucket-missing'
  | 'scope-bucket-invalid'
  | 'scope-bucket-wildcard'
  | 'scope-key-missing'
  | 'scope-key-too-long'
  | 'scope-wildcard'
  | 'scope-character'
  | 'scope-mid-segment'

export type ScopeWarningCode = 'scope-single-object' | 'scope-long' | 'scope-unusual-characters' | 'scope-mid-segment'

export interface ScopeRefusal {
  readonly ok: false
  readonly code: ScopeErrorCode
  /** Lower case, the input in backticks, then what to do. */
  readonly message: string
}

export interface ScopeWarning {
  readonly code: ScopeWarningCode
  readonly message: string
}

export type ScopeResult =
  | { readonly ok: true; readonly scope: Scope; readonly warnings: readonly ScopeWarning[] }
  | ScopeRefusal

export type LocationPathResult = { readonly ok: true; readonly locationPath: string } | ScopeRefusal

/** S3's limit on a key, in UTF-8 bytes. */
const maxKeyBytes = 1024
/** Above this many UTF-8 bytes STS may be unable to pack the session policy (page 02). */
const longScopeBytes = 400

const scheme = 's3://'

/**
 * Reads a whole scope: `s3://bucket/*`, `s3://bucket/prefix/*`, `s3://bucket/key`.
 *
 * A star after part of a name (`…/demographics*`) is read and warned of, since such scopes may be stored;
 * `joinScope` is where registering one has to be asked for. `parseScope(printScope(s))` gives `s` back.
 */
export function parseScope(text: string): ScopeResult {
  if (!text.startsWith(scheme)) return refuse('scope-not-s3', `\`${shown(text)}\` does not begin with \`s3://\``)
  const slash = text.indexOf('/', scheme.length)
  const bucket = slash === -1 ? text.slice(scheme.length) : text.slice(scheme.length, slash)
  const bucketRefusal = refuseBucket(bucket)
  if (bucketRefusal) return bucketRefusal

  const rest = slash === -1 ? '' : text.slice(slash + 1)
  if (rest === '') {
    return refuse(
      'scope-key-missing',
      `\`${shown(text)}\` names no key: write \`s3://${bucket}/*\` for the whole bucket`,
    )
  }
  const open = rest.endsWith('*')
  const key = open ? rest.slice(0, -1) : rest
  const keyRefusal = refuseKey(key)
  if (keyRefusal) return keyRefusal

  const scope: Scope = { bucket, key, kind: open ? (key === '' ? 'bucket' : 'prefix') : 'object' }
  return { ok: true, scope, warnings: warningsOf(scope) }
}

/** The canonical text of a scope, e.g. `s3://research-data/demographics/*`. */
export function printScope(scope: Scope): string {
  return `${scheme}${scope.bucket}/${scope.key}${scope.kind === 'object' ? '' : '*'}`
}

/**
 * Brings a location's path into its one form: `s3://`, `s3://bucket/` or `s3://bucket/prefix/`.
 *
 * Always ends in a slash, so that joining is plain concatenation and AWS's ambiguous joins never arise (facts 2.2).
 */
export function normaliseLocationPath(text: string): LocationPathResult {
  if (!text.startsWith(scheme)) return refuse('scope-not-s3', `\`${shown(text)}\` does not begin with \`s3://\``)
  if (text === scheme) return { ok: true, locationPath: scheme }
  const slash = text.indexOf('/', scheme.length)
  const bucket = slash === -1 ? text.slice(scheme.length) : text.slice(scheme.length, slash)
  const key = slash === -1 ? '' : text.slice(slash + 1)
  const locationPath = text.endsWith('/') ? text : `${text}/`
  const refusal = refuseBucket(bucket) ?? refuseKey(key === '' || key.endsWith('/') ? key : `${key}/`)
  return refusal ?? { ok: true, locationPath }
}

/**
 * The final scope of a data source: the location's path and the item's prefix, joined with exactly one `/`.
 *
 * At most one leading `/` of the prefix is dropped; the rest is literal. `midSegment` (default false) allows a star
 * after part of a name, which also matches the neighbours that begin alike. `locationPath` may be un-normalised.
 * Example: `joinScope('s3://research-data', '/demographics/*')` is `s3://research-data/demographics/*`.
 */
export function joinScope(
  locationPath: string,
  prefix: string,
  { midSegment = false }: { readonly midSegment?: boolean } = {},
): ScopeResult {
  const location = normaliseLocationPath(locationPath)
  if (!location.ok) return location
  const below = prefix.startsWith('/') ? prefix.slice(1) : prefix
  if (below === '') {
    // An empty sub-prefix would mean the whole location to AWS: it must be written.
    return location.locationPath === scheme
      ? refuse(
          'scope-bucket-missing',
          'under `s3://` the prefix begins with a bucket: write `/bucket/*` or `/bucket/key`',
        )
      : refuse('scope-key-missing', `the prefix is empty: write \`/*\` for all of \`${location.locationPath}\``)
  }
  const parsed = parseScope(location.locationPath + below)
  if (!parsed.ok || midSegment || !endsInsideSegment(parsed.scope)) return parsed
  return refuse(
    'scope-mid-segment',
    `\`${shown(prefix)}\` also matches every name that begins alike: end it in \`/*\`, or send \`"midSegment": true\``,
  )
}

/** Whether every key that `b` stands for is one that `a` stands for. A scope covers itself. */
export function covers(a: Scope, b: Scope): boolean {
  if (a.bucket !== b.bucket) return false
  if (a.kind === 'object') return b.kind === 'object' && a.key === b.key
  return b.key.startsWith(a.key)
}

/** Whether some key belongs to both. Of two overlapping scopes one always covers the other. */
export function overlaps(a: Scope, b: Scope): boolean {
  return covers(a, b) || covers(b, a)
}

/**
 * The `S3SubPrefix` to send to AWS for a scope under a normalised location path; never empty (05): `*` for a whole
 * location, beginning with the bucket under `s3://`. Undefined where the scope does not lie inside the location.
 */
export function subPrefixOf(scope: Scope, locationPath: string): string | undefined {
  const text = printScope(scope)
  if (!text.startsWith(locationPath) || text.length === locationPath.length) return undefined
  return text.slice(locationPath.length)
}

/** The inverse: the scope that AWS builds from a normalised location path and an `S3SubPrefix`. */
export function scopeOfSubPrefix(locationPath: string, subPrefix: string): ScopeResult {
  return parseScope(locationPath + subPrefix)
}

/** The `S3PrefixType` to send to AWS: `Object` for a single object, else nothing. */
export function s3PrefixTypeOf(scope: Scope): 'Object' | undefined {
  return scope.kind === 'object' ? 'Object' : undefined
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html. The prefix `amzn-s3-demo-` is left
// out on purpose: it is reserved for AWS's own examples, and a bucket's existence is checked with AWS anyway.
function refuseBucket(bucket: string): ScopeRefusal | undefined {
  if (bucket === '') return refuse('scope-bucket-missing', 'there is no bucket after `s3://`: write `s3://bucket/…`')
  if (/^[^*]*\*$/.test(bucket)) {
    const name = shown(bucket.slice(0, -1)) || 'bucket'
    return refuse(
      'scope-bucket-wildcard',
      `\`s3://${shown(bucket)}\` also matches other buckets: write \`s3://${name}/*\``,
    )
  }
  const isName =
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket) &&
    !bucket.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(bucket) &&
    !/^(?:xn--|sthree-)/.test(bucket) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(bucket)
  if (isName) return undefined
  return refuse(
    'scope-bucket-invalid',
    `\`${shown(bucket)}\` is not the name of an S3 bucket: 3 to 63 lower-case letters, digits, dots and hyphens`,
  )
}

function refuseKey(key: string): ScopeRefusal | undefined {
  if (key.includes('*')) {
    return refuse(
      'scope-wildcard',
      `\`${shown(key)}\` has a \`*\` elsewhere than at the end: only the last character may be one`,
    )
  }
  // Both mean something inside IAM policies, into which AWS copies the scope.
  if (key.includes('?') || key.includes('${')) {
    return refuse(
      'scope-wildcard',
      `\`${shown(key)}\` contains \`?\` or \`\${\`, which IAM reads as wildcard and variable`,
    )
  }
  // Control characters, halves of surrogate pairs and U+FFFE, U+FFFF: XML, and so the S3 Control API, cannot carry them.
  if (/[\p{Cc}\ufffe\uffff]/u.test(key) || !key.isWellFormed()) {
    return refuse(
      'scope-character',
      `\`${shown(key)}\` contains a control character or is not valid Unicode: leave it out`,
    )
  }
  if (utf8Length(key) > maxKeyBytes) {
    return refuse('scope-key-too-long', `the key is longer than ${maxKeyBytes} bytes, S3's limit: shorten it`)
  }
  return undefined
}

function warningsOf(scope: Scope): ScopeWarning[] {
  const text = printScope(scope)
  const warnings: ScopeWarning[] = []
  if (scope.kind === 'object' && scope.key.endsWith('/')) {
    const message = `\`${shown(text)}\` is the single object of that name: write \`${shown(text)}*\` for what lies below`
    warnings.push({ code: 'scope-single-object', message })
  }
  if (endsInsideSegment(scope)) {
    warnings.push({
      code: 'scope-mid-segment',
      message: `\`${shown(text)}\` also matches every name that begins alike`,
    })
  }
  if (utf8Length(text) > longScopeBytes) {
    const message = `the scope is longer than ${longScopeBytes} bytes: AWS may be unable to vend credentials for it`
    warnings.push({ code: 'scope-long', message })
  }
  if (/[\u0100-\uffff]/.test(text)) {
    const message = `\`${shown(text)}\` has characters above U+00FF: AWS may be unable to vend credentials for it`
    warnings.push({ code: 'scope-unusual-characters', message })
  }
  return warnings
}

function endsInsideSegment(scope: Scope): boolean {
  return scope.kind === 'prefix' && !scope.key.endsWith('/')
}

function refuse(code: ScopeErrorCode, message: string): ScopeRefusal {
  return { ok: false, code, message }
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

/** Input as it may stand in a message: bounded, on one line, valid Unicode. */
function shown(text: string): string {
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return short.toWellFormed().replace(/\p{Cc}/gu, '\ufffd')
}
