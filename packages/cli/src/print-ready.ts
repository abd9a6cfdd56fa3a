/** What `npm start` prints: where to click and what to type. */
import { personas } from './demo/personas.ts'
import type { Ready } from './ready.ts'
import type { Up } from './up.ts'

export function printReady({ server, ready }: Up): string {
  if (ready === undefined) return `Headgate at ${server.url}/app/ · API ${server.url}/docs\n`
  const key = ready.adminApiKey
  const lines = [
    '',
    `  Headgate   ${ready.url}/app/      ${howToSignIn(ready)}`,
    `  API        ${ready.url}/docs      OpenAPI at /openapi.json`,
    `  Sandbox    ${ready.sandbox.endpoint}      AWS on this machine: ${ready.sandbox.accounts.map(each => each.accountId).join(', ')}`,
    '',
    ...(ready.setUpLink === undefined ? [] : [`  Set-up     ${ready.setUpLink}`, '']),
    `  ${'user name'.padEnd(20)} ${'API key, for programs'.padEnd(46)}   who it is`,
    `  ${'admin'.padEnd(20)} ${key}   may do everything`,
    ...personas.flatMap(([userid, what]) => {
      const person = ready.users.find(user => user.userid === userid)
      return person === undefined ? [] : [`  ${userid.padEnd(20)} ${person.apiKey}   ${what}`]
    }),
    '',
    '  Three things to try',
    ...(ready.users.length > 0 ? acmeThings(ready.url, key) : emptyThings(ready, key)),
    '',
    '  Ctrl-C stops everything; the next start goes on where this one ended.',
    '',
  ]
  return lines.join('\n')
}

function howToSignIn({ setUpLink, users }: Ready): string {
  if (setUpLink !== undefined) return 'open the set-up link below, once, and choose user name and password'
  const password = users.find(user => user.password !== undefined)?.password
  return password === undefined ? 'sign in' : `sign in as one of those below; the password of all: ${password}`
}

function acmeThings(url: string, key: string): string[] {
  return [
    '  1. Who reaches the payroll, and why?   Open Data sources → Payroll US in the web app, or',
    `     curl -s -H 'Authorization: ${key}' '${url}/data-sources?search=Payroll'`,
    "  2. Take away Ann's privacy training, then look at Grants: hers on personal data are gone within a second.",
    `     curl -s -H 'Authorization: ${key}' '${url}/users?search=ann@'   # her id`,
    `     curl -s -X DELETE -H 'Authorization: ${key}' ${url}/users/ID/attributes/training/Privacy`,
    '  3. See the whole line, from a policy to a byte read from S3:   npm run tour',
  ]
}

function emptyThings(ready: Ready, key: string): string[] {
  const account = ready.sandbox.accounts[0]
  if (account === undefined) return []
  const config = {
    name: 'S3 integration',
    awsAccountId: account.accountId,
    awsRegion: account.region,
    awsLocationRole: account.locationRole,
    awsLocationPath: 's3://',
    authenticationType: 'accessKey',
    awsAccessKeyId: account.controller.accessKeyId,
    awsSecretAccessKey: account.controller.secretAccessKey,
  }
  const post = (path: string, body: object) =>
    `     curl -s -H 'Authorization: ${key}' -H 'Content-Type: application/json' ${ready.url}${path} -d '${JSON.stringify(body)}'`
  return [
    '  1. Connect the prepared account:',
    post('/integrations', { type: 'Native S3', autoBootstrap: false, config }),
    '  2. Register a prefix of its bucket:',
    post('/native-s3/handler', {
      type: 'Native S3',
      integrationId: 1,
      dataSources: [{ dataSourceName: 'Research Data', prefix: '/research-data/demographics/*' }],
    }),
    '  3. See the whole line, from a policy to a byte read from S3:   npm run tour',
  ]
}
