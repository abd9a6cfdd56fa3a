import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { coveringScopes, joinGrantScope, scopeCovers } from '../src/s3control/scope.ts'

describe('grant scopes', () => {
  it('joins location and sub-prefix as the evidence shows', () => {
    const joined = [
      ['s3://', 'b/p/*', 's3://b/p/*'],
      ['s3://b/', 'g/*', 's3://b/g/*'],
      ['s3://b', 'p/*', 's3://b/p/*'],
      ['s3://b/p/*', 'q/*', 's3://b/p/q/*'],
      ['s3://b/p*', 'q/data.txt', 's3://b/pq/data.txt'],
      ['s3://b', undefined, 's3://b/*'],
      ['s3://b/p/', '', 's3://b/p/*'],
      ['s3://b/p*', undefined, 's3://b/p*'],
    ] as const
    for (const [location, subPrefix, scope] of joined) assert.equal(joinGrantScope(location, subPrefix), scope)
  })

  it('covers by text: a slash-less prefix reaches its neighbours, an object only itself', () => {
    assert.ok(scopeCovers('s3://b/team*', 's3://b/teamwork/x'))
    assert.ok(!scopeCovers('s3://b/team/*', 's3://b/teamwork/x'))
    assert.ok(scopeCovers('s3://b/team/*', 's3://b/team/'))
    assert.ok(!scopeCovers('s3://b/team/*', 's3://b/team'))
    assert.ok(!scopeCovers('s3://b/report.pdf', 's3://b/report.pdf.bak'))
    assert.ok(!scopeCovers('s3://b/report.pdf', 's3://b/report.pdf*'))
    assert.ok(!scopeCovers('s3://b/team/*', 's3://b/*'))
  })

  it('looks up exactly the scopes that cover a target, the closest first', () => {
    // A small alphabet, so that paths often begin alike.
    const path = fc.string({ unit: fc.constantFrom('a', 'b', '/', '*'), maxLength: 6 }).map(tail => `s3://${tail}`)
    fc.assert(
      fc.property(path, path, (scope, target) => {
        const tried = [...coveringScopes(target)]
        assert.equal(tried.includes(scope), scopeCovers(scope, target))
        const lengths = tried.map(each => (each.endsWith('*') ? each.length - 1 : each.length))
        assert.deepEqual(
          lengths,
          lengths.toSorted((a, b) => b - a),
        )
      }),
    )
  })
})
