/** What the marketplace gives people to type is about exactly the scope that they reach. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { snippetsFor } from '../packages/web/src/marketplace/snippets.ts'

test('a profile asks for the whole scope, at the level that one has', () => {
  const [profile] = snippetsFor('Retail orders', 's3://lake/retail/*', 'WRITE')
  assert.match(profile?.text ?? '', /^\[profile Retail-orders\]$/m)
  assert.match(profile?.text ?? '', / --target "s3:\/\/lake\/retail\/\*" --permission READWRITE /)
  assert.match(profile?.text ?? '', /^aws s3 ls s3:\/\/lake\/retail\/ /m)
})

test('nothing is listed below a single object', () => {
  for (const { text } of snippetsFor('Prices', 's3://lake/retail/prices.parquet', 'READ')) {
    assert.doesNotMatch(text, /s3 ls|list_objects|ListObjects|\*\*|\bFILE\b/)
    assert.doesNotMatch(text, /prices\.parquet\//)
  }
})

test('of a whole bucket every key is listed', () => {
  const boto = snippetsFor('Lake', 's3://lake/*', 'READ').find(({ title }) => title.includes('boto3'))
  assert.match(boto?.text ?? '', /Bucket="lake", Prefix=""/)
})
