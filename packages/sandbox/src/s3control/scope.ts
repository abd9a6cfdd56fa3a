/**
 * S3 scopes as AWS's Access Grants treats them: text, where a `*` at the end stands for anything that follows.
 * The only home of the joining rule. Never tidies a path: `s3://b` and `s3://b/` stay two different texts.
 */

/**
 * The scope of a grant: what its location covers, narrowed by its sub-prefix. AWS publishes no rule; the evidence gives
 *
 *   s3://         + b/p/*        → s3://b/p/*
 *   s3://b/       + g/*          → s3://b/g/*
 *   s3://b        + p/*          → s3://b/p/*             (a bare bucket gets its slash)
 *   s3://b/p/*    + q/*          → s3://b/p/q/*           (the location's `*` goes)
 *   s3://b/p*     + q/data.txt   → s3://b/pq/data.txt     (otherwise nothing is put between)
 *
 * and without a sub-prefix the grant covers the whole location: s3://b → s3://b/*, s3://b/p/ → s3://b/p/*.
 */
export function joinGrantScope(locationScope: string, subPrefix: string | undefined): string {
  const isBareBucket = /^s3:\/\/[^/*]+$/.test(locationScope)
  const base = isBareBucket ? `${locationScope}/` : withoutStar(locationScope)
  return subPrefix === undefined || subPrefix === '' ? `${base}*` : base + subPrefix
}

/** Does everything that `target` names lie inside `scope`? Plain text comparison, as far as anybody has seen. */
export function scopeCovers(scope: string, target: string): boolean {
  return scope.endsWith('*') ? withoutStar(target).startsWith(withoutStar(scope)) : scope === target
}

/**
 * Every scope that would cover the target, the closest (longest) first. Looking these up in an index replaces comparing
 * the target with every grant: a path has at most 2000 of them, an instance 100,000 grants.
 */
export function* coveringScopes(target: string): Generator<string> {
  if (!target.endsWith('*')) yield target
  const text = withoutStar(target)
  for (let length = text.length; length >= 's3://'.length; length--) yield `${text.slice(0, length)}*`
}

/** Bucket and key (or key prefix) of a scope; `key` is undefined when there is no slash after the bucket. */
export function splitScope(scope: string): { readonly bucket: string; readonly key: string | undefined } {
  const path = scope.slice('s3://'.length)
  const slash = path.indexOf('/')
  return slash < 0 ? { bucket: path, key: undefined } : { bucket: path.slice(0, slash), key: path.slice(slash + 1) }
}

const withoutStar = (text: string): string => (text.endsWith('*') ? text.slice(0, -1) : text)
