import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  covers,
  joinScope,
  normaliseLocationPath,
  overlaps,
  parseScope,
  printScope,
  type Scope,
  s3PrefixTypeOf,
  scopeOfSubPrefix,
  subPrefixOf,
} from '../src/scope.ts'
import { scopeIndex } from '../src/scope-index.ts'

function scope(text: string): Scope {
  const parsed = parseScope(text)
  assert.ok(parsed.ok, text)
  return parsed.scope
}

const joins: readonly [what: string, location: string, prefix: string, result: string][] = [
  ['a leading slash is dropped', 's3://research-data', '/demographics/*', 's3://research-data/demographics/*'],
  ['no leading slash is needed', 's3://research-data/', 'demographics/*', 's3://research-data/demographics/*'],
  ['only one leading slash is dropped', 's3://research-data', '//x', 's3://research-data//x'],
  ['a bucket stands under s3://', 's3://', '/bucket/x', 's3://bucket/x'],
  ['a whole bucket under s3://', 's3://', 'bucket/*', 's3://bucket/*'],
  ['a whole bucket location', 's3://bucket', '/*', 's3://bucket/*'],
  ['a prefix location gets its slash', 's3://bucket/team', 'a/*', 's3://bucket/team/a/*'],
  ['dots and doubled slashes stay key text', 's3://bucket', '/a/..//b', 's3://bucket/a/..//b'],
  ['percent signs are not decoded', 's3://bucket', '/a%20b/*', 's3://bucket/a%20b/*'],
  ['letter case stays', 's3://bucket', '/Team/*', 's3://bucket/Team/*'],
]
for (const [what, location, prefix, result] of joins) {
  test(`joining: ${what}`, () => {
    const joined = joinScope(location, prefix)
    assert.ok(joined.ok)
    assert.equal(printScope(joined.scope), result)
    assert.deepEqual(joined.warnings, [])
  })
}

const refusals: readonly [what: string, location: string, prefix: string, code: string][] = [
  ['a star inside', 's3://bucket', '/a*b/*', 'scope-wildcard'],
  ['two stars', 's3://bucket', '/a/**', 'scope-wildcard'],
  ['a question mark', 's3://bucket', '/a?', 'scope-wildcard'],
  ['an IAM variable', 's3://bucket', '/$\u007baws:username}/*', 'scope-wildcard'],
  ['a star after part of a name', 's3://bucket', '/demographics*', 'scope-mid-segment'],
  ['a bare bucket with a star', 's3://', '/bucket*', 'scope-bucket-wildcard'],
  ['a star for every bucket', 's3://', '/*', 'scope-bucket-wildcard'],
  ['no bucket under s3://', 's3://', '', 'scope-bucket-missing'],
  ['a slash for a bucket under s3://', 's3://', '//x', 'scope-bucket-missing'],
  ['a bucket without a key', 's3://', 'bucket', 'scope-key-missing'],
  ['a bucket and a slash', 's3://', 'bucket/', 'scope-key-missing'],
  ['an empty prefix, which AWS reads as everything', 's3://bucket/p/', '', 'scope-key-missing'],
  ['a lone slash', 's3://bucket/p/', '/', 'scope-key-missing'],
  ['a wildcard in the location', 's3://bucket/p*', 'x', 'scope-wildcard'],
  ['another scheme', 'https://bucket', 'x', 'scope-not-s3'],
  ['a bucket in capitals', 's3://', 'Bucket/x', 'scope-bucket-invalid'],
  ['a bucket of two letters', 's3://', 'ab/x', 'scope-bucket-invalid'],
  ['a bucket of 64 letters', 's3://', `${'a'.repeat(64)}/x`, 'scope-bucket-invalid'],
  ['a bucket with an underscore', 's3://', 'a_b_c/x', 'scope-bucket-invalid'],
  ['a bucket with two dots', 's3://', 'a..b/x', 'scope-bucket-invalid'],
  ['a bucket that ends in a hyphen', 's3://', 'abc-/x', 'scope-bucket-invalid'],
  ['an IP address for a bucket', 's3://', '192.168.5.4/x', 'scope-bucket-invalid'],
  ['an access point alias', 's3://', 'my-point-s3alias/x', 'scope-bucket-invalid'],
  ['a directory bucket', 's3://', 'name--use1-az4--x-s3/x', 'scope-bucket-invalid'],
  ['a key of 1,025 bytes', 's3://bucket', `${'é'.repeat(512)}x`, 'scope-key-too-long'],
  ['a line break', 's3://bucket', '/a\nb', 'scope-character'],
  ['a NUL', 's3://bucket', '/a\0b', 'scope-character'],
  ['half a surrogate pair', 's3://bucket', '/a\ud83d', 'scope-character'],
  ['a character XML cannot carry', 's3://bucket', '/a\uffff', 'scope-character'],
]
for (const [what, location, prefix, code] of refusals) {
  test(`refused: ${what}`, () => {
    const joined = joinScope(location, prefix)
    assert.ok(!joined.ok)
    assert.equal(joined.code, code)
    assert.doesNotMatch(joined.message, /[\p{Cc}\p{Cs}]/u)
  })
}

test('a bare bucket with a star is refused even when midSegment is asked for', () => {
  const joined = joinScope('s3://', 'bucket*', { midSegment: true })
  assert.equal(!joined.ok && joined.code, 'scope-bucket-wildcard')
})

test('a key of exactly 1,024 bytes is accepted', () => {
  assert.ok(joinScope('s3://bucket', 'é'.repeat(512)).ok)
})

const warned: readonly [what: string, text: string, codes: readonly string[]][] = [
  ['a key that ends in a slash is one object', 's3://bucket/reports/', ['scope-single-object']],
  ['a star after part of a name', 's3://bucket/demo*', ['scope-mid-segment']],
  ['more than 400 bytes', `s3://bucket/${'a'.repeat(388)}/*`, ['scope-long']],
  ['exactly 400 bytes is not long', `s3://bucket/${'a'.repeat(386)}/*`, []],
  ['characters above U+00FF', 's3://bucket/łódź/*', ['scope-unusual-characters']],
  ['characters up to U+00FF are usual', 's3://bucket/ÿ/*', []],
]
for (const [what, text, codes] of warned) {
  test(`warned: ${what}`, () => {
    const parsed = parseScope(text)
    assert.ok(parsed.ok)
    assert.deepEqual(
      parsed.warnings.map(warning => warning.code),
      codes,
    )
  })
}

test('midSegment lets a star stand after part of a name, and it is still warned of', () => {
  const joined = joinScope('s3://bucket', '/demographics*', { midSegment: true })
  assert.ok(joined.ok)
  assert.deepEqual(joined.scope, { bucket: 'bucket', key: 'demographics', kind: 'prefix' })
  assert.deepEqual(
    joined.warnings.map(warning => warning.code),
    ['scope-mid-segment'],
  )
})

const locations: readonly [text: string, result: string][] = [
  ['s3://', 's3://'],
  ['s3://bucket', 's3://bucket/'],
  ['s3://bucket/', 's3://bucket/'],
  ['s3://bucket/prefix', 's3://bucket/prefix/'],
  ['s3://bucket/prefix/', 's3://bucket/prefix/'],
  ['s3://bucket/', 's3://bucket/'],
]
for (const [text, result] of locations) {
  test(`the location \`${text}\` is written \`${result}\``, () => {
    assert.deepEqual(normaliseLocationPath(text), { ok: true, locationPath: result })
  })
}

test('covering: an object covers itself alone, a prefix everything that begins so, never the name without its slash', () => {
  const yes: [string, string][] = [
    ['s3://bucket/*', 's3://bucket/x'],
    ['s3://bucket/x/*', 's3://bucket/x/'],
    ['s3://bucket/x/*', 's3://bucket/x/y/*'],
    ['s3://bucket/demo*', 's3://bucket/demo-old/*'],
    ['s3://bucket/report', 's3://bucket/report'],
  ]
  const no: [string, string][] = [
    ['s3://bucket/report', 's3://bucket/report.bak'],
    ['s3://bucket/x/*', 's3://bucket/x'],
    ['s3://bucket/x/*', 's3://bucket/*'],
    ['s3://bucket/x', 's3://bucket/x*'],
    ['s3://bucket/X/*', 's3://bucket/x/y'],
    ['s3://bucket/*', 's3://bucket-two/x'],
  ]
  for (const [a, b] of yes) assert.ok(covers(scope(a), scope(b)), `${a} covers ${b}`)
  for (const [a, b] of no) assert.ok(!covers(scope(a), scope(b)), `${a} does not cover ${b}`)
})

// Few letters and short keys, so that scopes meet often. `twin` lists every key up to a length and matches it by
// pattern: the longest key of a scope is shorter, so the finite universe tells all scopes apart.
const letters = ['a', 'b', '/']
const shortKey = fc.array(fc.constantFrom(...letters), { maxLength: 3 }).map(parts => parts.join(''))
const smallScope: fc.Arbitrary<Scope> = fc
  .tuple(fc.constantFrom('one', 'two'), shortKey, fc.boolean())
  .map(([bucket, key, open]) => ({
    bucket,
    key: key || (open ? '' : 'a'),
    kind: !open ? 'object' : key ? 'prefix' : 'bucket',
  }))
const universe = keysUpTo(4).flatMap(key => [`one/${key}`, `two/${key}`])

function keysUpTo(length: number): string[] {
  if (length === 0) return ['']
  const shorter = keysUpTo(length - 1)
  return [...new Set([...shorter, ...shorter.flatMap(key => letters.map(letter => key + letter))])]
}

function twin({ bucket, key, kind }: Scope): Set<string> {
  const pattern = new RegExp(`^${bucket}/${key}${kind === 'object' ? '' : '.*'}$`)
  return new Set(universe.filter(path => pattern.test(path)))
}

test('law: covers and overlaps agree with matching every key of a small universe', () => {
  fc.assert(
    fc.property(smallScope, smallScope, (a, b) => {
      const [keysOfA, keysOfB] = [twin(a), twin(b)]
      assert.equal(covers(a, b), keysOfB.isSubsetOf(keysOfA))
      assert.equal(overlaps(a, b), !keysOfA.isDisjointFrom(keysOfB))
    }),
    { numRuns: 500 },
  )
})

test('law: the index answers as asking every scope does, also after removals', () => {
  fc.assert(
    fc.property(
      fc.array(smallScope, { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 20 }),
      smallScope,
      (all, gone, asked) => {
        const index = scopeIndex(all)
        const left = new Set(all)
        for (const at of gone) {
          const one = all[at % Math.max(all.length, 1)]
          if (!one) continue
          index.delete(one)
          left.delete(one)
        }
        const rest = [...left]
        sameScopes(
          index.coveredBy(asked),
          rest.filter(one => covers(one, asked)),
        )
        sameScopes(
          index.inside(asked),
          rest.filter(one => covers(asked, one)),
        )
        const widestFirst = index.coveredBy(asked).map(one => one.key.length)
        assert.deepEqual(
          widestFirst,
          widestFirst.toSorted((a, b) => a - b),
        )
        const byKey = index.inside(asked).map(one => one.key)
        assert.deepEqual(byKey, byKey.toSorted())
      },
    ),
    { numRuns: 500 },
  )
})

function sameScopes(found: readonly Scope[], expected: readonly Scope[]): void {
  assert.equal(found.length, expected.length)
  assert.deepEqual(new Set(found), new Set(expected))
}

test('the index keeps items of any kind by their scope', () => {
  const sources = [
    { id: 1, scope: scope('s3://bucket/research/*') },
    { id: 2, scope: scope('s3://bucket/research/secret/*') },
    { id: 3, scope: scope('s3://bucket/research/secret/*') },
    { id: 4, scope: scope('s3://bucket/researchers/*') },
  ]
  const index = scopeIndex(sources, source => source.scope)
  const ids = (found: typeof sources) => found.map(source => source.id)
  assert.deepEqual(ids(index.coveredBy(scope('s3://bucket/research/secret/key'))), [1, 2, 3])
  assert.deepEqual(ids(index.inside(scope('s3://bucket/research*'))), [1, 2, 3, 4])
  index.delete(sources[1]!)
  assert.deepEqual(ids(index.coveredBy(scope('s3://bucket/research/secret/*'))), [1, 3])
})

test('law: a printed scope reads back as itself, and a sub-prefix under any location that holds it', () => {
  const key = fc.string({ unit: 'binary', maxLength: 20 })
  fc.assert(
    fc.property(
      fc.constantFrom('s3://', 's3://bucket/', 's3://bucket/p/'),
      key,
      fc.boolean(),
      (location, text, open) => {
        const joined = joinScope(location, location === 's3://' ? `bucket/${text}` : text + (open ? '/*' : ''))
        fc.pre(joined.ok)
        assert.deepEqual(parseScope(printScope(joined.scope)), joined)
        const subPrefix = subPrefixOf(joined.scope, location)
        assert.ok(subPrefix)
        assert.deepEqual(scopeOfSubPrefix(location, subPrefix), joined)
      },
    ),
  )
})

test('law: no text makes the scope functions throw', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('s3://', 'abc', '/', '*', '\ud800', '?', '${') }),
  )
  fc.assert(
    fc.property(text, text, (a, b) => {
      parseScope(a)
      normaliseLocationPath(a)
      const joined = joinScope(`s3://${a}`, b)
      assert.ok(joined.ok || joined.message.length > 0)
    }),
  )
})

test('the sub-prefix is a star for a whole location and begins with the bucket under s3://', () => {
  assert.equal(subPrefixOf(scope('s3://bucket/*'), 's3://bucket/'), '*')
  assert.equal(subPrefixOf(scope('s3://bucket/p/*'), 's3://bucket/p/'), '*')
  assert.equal(subPrefixOf(scope('s3://bucket/*'), 's3://'), 'bucket/*')
  assert.equal(subPrefixOf(scope('s3://bucket/p/key'), 's3://bucket/'), 'p/key')
})

test('a scope outside the location, or the location itself as an object, has no sub-prefix', () => {
  assert.equal(subPrefixOf(scope('s3://other/*'), 's3://bucket/'), undefined)
  assert.equal(subPrefixOf(scope('s3://bucket/p*'), 's3://bucket/p/'), undefined)
  assert.equal(subPrefixOf(scope('s3://bucket/p/'), 's3://bucket/p/'), undefined)
})

test('only a single object has a prefix type', () => {
  assert.equal(s3PrefixTypeOf(scope('s3://bucket/key')), 'Object')
  assert.equal(s3PrefixTypeOf(scope('s3://bucket/key/*')), undefined)
})
