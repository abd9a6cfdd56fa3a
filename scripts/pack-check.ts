/**
 * `npm run pack:check`: makes the tarballs of everything that is published, installs each alone in an empty folder, and uses it
 * there without the checkout: imports, types, commands, the whole demo, and bytes read through the client.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Alone, importAll, installAlone } from './pack/alone.ts'
import { wrongInside } from './pack/inside.ts'
import { manifestOf, publishedManifest, publishedPackages } from './pack/packages.ts'
import { makeTarballs } from './pack/tarballs.ts'
import { type Demo, startDemo } from './pack/try-demo.ts'
import { narrator } from './tour/narrator.ts'

/** What a user of `@headgate/client` writes: run in their folder, with nothing but what is installed there. */
const readingProgram = `
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { AccessDenied, accessGrants } from '@headgate/client'

const { endpoint, region, credentials, url, apiKey } = JSON.parse(readFileSync('facts.json', 'utf8'))
const ask = async path => (await fetch(url + path, { headers: { authorization: 'Bearer ' + apiKey } })).json()
const s3 = new S3Client({ region, credentials, endpoint, forcePathStyle: true })
s3.middlewareStack.use(accessGrants({ region, credentials, endpoint }))

const { id } = await ask('/users/me')
const { items } = await ask('/users/' + id + '/access?limit=1000')
const active = items.find(({ provisioning, dataSource }) => provisioning.status === 'active' && dataSource.scope.endsWith('/*'))
const [, Bucket, Prefix] = /^s3:\\/\\/([^/]+)\\/(.*)\\*$/.exec(active.dataSource.scope)
const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix }))
const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: Contents[0].Key }))
const bytes = await Body.transformToByteArray()
assert.ok(bytes.length > 0)
await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: 'nobody/was/granted/this' })), AccessDenied)
console.log(bytes.length + ' bytes of s3://' + Bucket + '/' + Contents[0].Key)
`

const { step, finish } = narrator()
// Traversable: the database may run as another user.
const folder = await mkdtemp(path.join(tmpdir(), 'headgate-pack-check-'))
await mkdir(path.join(folder, 'tarballs'))
let demo: Demo | undefined

try {
  const tarballs = await step('the packages are made', async () => {
    const made = await makeTarballs(path.join(folder, 'tarballs'))
    assert.deepEqual(
      made.map(tarball => tarball.package),
      [...publishedPackages],
    )
    return Object.assign(made, {
      says: made.map(({ name, size }) => `${name} ${Math.ceil(size / 1024)} kB`).join(', '),
    })
  })

  await step('in each is what belongs there and nothing else', async () => {
    for (const tarball of tarballs) assert.deepEqual(wrongInside(tarball), [], tarball.name)
  })

  const installed = new Map<string, Alone>()
  for (const one of publishedPackages) {
    const { name } = publishedManifest(one)
    await step(`${name} is installed alone, imported and typed`, async () => {
      const beside =
        one === 'client' ? [`@aws-sdk/client-s3@${manifestOf('server').dependencies['@aws-sdk/client-s3']}`] : []
      const alone = await installAlone(path.join(folder, one), one, tarballs, beside)
      installed.set(one, alone)
      return { says: `${await importAll(alone, one)} names` }
    })
  }
  const cli = installed.get('cli')
  const client = installed.get('client')
  assert.ok(cli && client)

  await step('`npx headgate` says its version and what it can do, and judges policies', async () => {
    assert.equal((await cli.run('npx', 'headgate', '--version')).trim(), manifestOf('cli').version)
    assert.match(await cli.run('npx', 'headgate', '--help'), /data access governance for Amazon S3[\s\S]*\bup\b/)
    return { says: (await cli.run('npx', 'headgate', 'policy', 'test', 'node_modules/headgate/examples/acme')).trim() }
  })

  const { ready } = await step('`npx headgate up --demo` is ready', async () => {
    demo = await startDemo(cli)
    return demo
  })

  await step('the web app is there, and the API knows the people', async () => {
    const page = await fetch(`${ready.url}/app/`)
    assert.equal(page.status, 200)
    const [, script] = /<script[^>]+src="([^"]+)"/.exec(await page.text()) ?? []
    assert.ok(script)
    assert.equal((await fetch(new URL(script, `${ready.url}/app/`))).status, 200)
    const headers = { authorization: `Bearer ${ready.adminApiKey}` }
    const answer = await fetch(`${ready.url}/users?limit=1000`, { headers })
    const { items } = (await answer.json()) as { readonly items: readonly unknown[] }
    assert.ok(items.length > 10)
    return { says: `${items.length} people` }
  })

  await step('a person reads bytes through `@headgate/client`, and only what is granted', async () => {
    await writeFile(path.join(client.folder, 'read.mjs'), readingProgram)
    const somebody = ready.users.find(({ userid }) => userid === 'ann@acme.example')
    const facts = { ...ready.sandbox, credentials: somebody?.aws, url: ready.url, apiKey: somebody?.apiKey }
    await writeFile(path.join(client.folder, 'facts.json'), JSON.stringify(facts), { mode: 0o600 })
    return { says: (await client.run(process.execPath, 'read.mjs')).trim() }
  })

  await step('it ends in order, and nothing of it is left', async () => {
    await demo?.end()
    demo = undefined
  })
  finish(undefined)
} catch (error) {
  finish(error)
} finally {
  await demo?.end().catch(error => process.stderr.write(`${error}\n`))
  await rm(folder, { recursive: true, force: true })
}
