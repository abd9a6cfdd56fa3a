import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageOfKeys } from '../src/s3/key-page.ts'
import { compareKeys, SortedKeys } from '../src/s3/sorted-keys.ts'

// Few letters, so that prefixes, delimiters and collisions come often; a surrogate pair and U+FFEE differ by order.
const letter = fc.constantFrom('a', 'b', '/', '/', ' ', '+', 'ü', '\uffee', '\u{1F4A7}')
const key = fc.array(letter, { minLength: 1, maxLength: 5 }).map(letters => letters.join(''))

test('keys are in the order of their UTF-8 bytes', () => {
  fc.assert(
    fc.property(key, key, (left, right) => {
      assert.equal(Math.sign(compareKeys(left, right)), Buffer.compare(Buffer.from(left), Buffer.from(right)))
    }),
  )
})

test('adding and deleting in any order leaves exactly the keys that remain, sorted', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 60 }), changes => {
      const index = SortedKeys.from([])
      const expected = new Set<string>()
      for (const [added, name] of changes) {
        if (added) index.add(name)
        else index.delete(name)
        if (added) expected.add(name)
        else expected.delete(name)
      }
      const found: string[] = []
      for (let next = index.seek(''); next !== undefined; next = index.seek(next, false)) found.push(next)
      assert.deepEqual(found, [...expected].sort(compareKeys))
    }),
  )
})

test('blocks split and empty without losing a key', () => {
  const names = Array.from({ length: 5000 }, (_, at) => `k${((at * 7919) % 5000).toString().padStart(5, '0')}`)
  const index = SortedKeys.from([])
  for (const name of names) index.add(name)
  const all = pageOfKeys(index, { prefix: '', delimiter: '', maxKeys: 10_000 })
  assert.deepEqual(all.keys, [...names].sort())
  for (const name of names.slice(1)) index.delete(name)
  assert.deepEqual(pageOfKeys(index, { prefix: '', delimiter: '', maxKeys: 1000 }).keys, [names[0]])
})

test('pages put together equal one slow, obvious listing', () => {
  const listing = fc.record({
    keys: fc.array(key, { maxLength: 30 }),
    prefix: fc.oneof(fc.constant(''), key),
    delimiter: fc.constantFrom('', '/', 'ab'),
    maxKeys: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(listing, ({ keys, prefix, delimiter, maxKeys }) => {
      const index = SortedKeys.from(new Set(keys))
      const found = { keys: [] as string[], commonPrefixes: [] as string[] }
      let after: string | undefined
      do {
        const page = pageOfKeys(index, { prefix, delimiter, maxKeys, ...(after === undefined ? {} : { after }) })
        assert.ok(page.keys.length + page.commonPrefixes.length <= maxKeys)
        found.keys.push(...page.keys)
        found.commonPrefixes.push(...page.commonPrefixes)
        after = page.last
      } while (after !== undefined)
      assert.deepEqual(found, slowListing(keys, prefix, delimiter))
    }),
  )
})

function slowListing(all: readonly string[], prefix: string, delimiter: string) {
  const under = [...new Set(all)].filter(name => name.startsWith(prefix)).sort(compareKeys)
  const rolled = (name: string) => delimiter !== '' && name.slice(prefix.length).includes(delimiter)
  const common = (name: string) => name.slice(0, name.indexOf(delimiter, prefix.length) + delimiter.length)
  return {
    keys: under.filter(name => !rolled(name)),
    commonPrefixes: [...new Set(under.filter(rolled).map(common))],
  }
}

test('a marker within a prefix goes on with the keys after it', () => {
  const index = SortedKeys.from(['a/1', 'a/2', 'b', 'c/1'])
  assert.deepEqual(pageOfKeys(index, { prefix: '', delimiter: '', after: 'a/1', maxKeys: 2 }), {
    keys: ['a/2', 'b'],
    commonPrefixes: [],
    last: 'b',
  })
  assert.deepEqual(pageOfKeys(index, { prefix: '', delimiter: '/', after: 'a/', maxKeys: 10 }), {
    keys: ['b'],
    commonPrefixes: ['c/'],
  })
})

test('a page of no keys is empty and not truncated', () => {
  assert.deepEqual(pageOfKeys(SortedKeys.from(['a']), { prefix: '', delimiter: '', maxKeys: 0 }), {
    keys: [],
    commonPrefixes: [],
  })
})
