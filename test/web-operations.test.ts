/**
 * Every operation of the API is used by the web app, or it is said here why nobody would look for it there. A new one is
 * decided about once; one that gets a screen leaves the list.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { api } from '@headgate/core/api'

const source = fileURLToPath(new URL('../packages/web/src', import.meta.url))

const withoutScreen: Readonly<Record<string, string>> = {
  'integrations.validate': 'the wizard watches the same checks one by one',
  'integrations.status': 'the integration itself says it',
  'nativeS3.get': 'the data source itself says where it lies; kept for callers that know this address',
  'dataSources.removeInSteps': 'disabling and deleting are two buttons; kept for callers that know this address',
  'dataProducts.putByKey': 'for files: people edit the product',
  'policies.version': 'versions are compared and restored',
  'dataProducts.version': 'the same',
  'audit.stream': 'for machines: `headgate audit` writes it to a file',
  'audit.trail': 'for `headgate audit verify`',
  'audit.get': 'the list holds the whole of each event',
  'providerSignIn.begin': 'a link that the browser follows',
  'providerSignIn.end': 'where the provider sends the browser',
  'deviceSignIns.begin': 'what a terminal asks; people approve it in the browser',
  'deviceSignIns.poll': 'the same',
  'notifications.events': 'the bell asks with everything else, every other second while somebody looks',
  'deployment.live': 'asked by address, before anybody is signed in',
  'deployment.ready': 'for whoever watches over servers',
}

/** What is called by a name that no text holds: forms, agreements and flows share a screen, three actions a button. */
const calledOtherwise: Readonly<Record<string, RegExp>> = {
  requestForms: /routes: hg\.requestForms\b/,
  agreements: /routes: hg\.agreements\b/,
  reviewFlows: /routes: hg\.reviewFlows\b/,
  'dataProducts.suspend': /hg\.dataProducts\[/,
  'dataProducts.resume': /hg\.dataProducts\[/,
  'dataProducts.retire': /hg\.dataProducts\[/,
}

test('every operation of the API has a place in the web app, or a reason to have none', () => {
  const text = globSync('**/*.{ts,tsx}', { cwd: source })
    .map(file => readFileSync(`${source}/${file}`, 'utf8'))
    .join('\n')
  const without = Object.entries(api).flatMap(([resource, operations]) =>
    Object.keys(operations).flatMap(operation => {
      const isCalled = new RegExp(
        `\\b(hg|hgUntil\\([^)]*\\)|caller\\([^]{0,120}?\\))\\s*\\.${resource}\\s*\\.${operation}\\b`,
      )
      const otherwise = calledOtherwise[`${resource}.${operation}`] ?? calledOtherwise[resource]
      return isCalled.test(text) || otherwise?.test(text) ? [] : [`${resource}.${operation}`]
    }),
  )
  assert.deepEqual(without.toSorted(), Object.keys(withoutScreen).toSorted())
})
