/**
 * `headgate credentials` as what it is for: the `credential_process` of the AWS CLI, boto3, rclone and the SDK. Clients that are
 * not on this machine are skipped, and say so; the SDK is always there.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { DeleteAccessGrantCommand } from '@aws-sdk/client-s3-control'
import { type Lake, startLake } from './support/lake.ts'

const run = promisify(execFile)
const headgate = `${process.execPath} ${fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))}`
const without = (command: string, ...args: string[]) =>
  spawnSync(command, args).status === 0 ? false : `${[command, ...args].join(' ')} is not on this machine`

describe('headgate credentials', () => {
  let lake: Lake
  let folder: string
  let env: Record<string, string>
  let grant: string
  before(async () => {
    lake = await startLake()
    folder = await mkdtemp(path.join(tmpdir(), 'headgate-consumer-'))
    const { arn, credentials } = await lake.person('ann')
    grant = await lake.grant(arn, 'lake/a/*', 'READWRITE')
    const profile = (name: string, target: string, permission: string, own = 'default') =>
      `[profile ${name}]\nregion = eu-central-1\ncredential_process = ${headgate} credentials --target ${target} --permission ${permission} --aws-profile ${own}\n`
    await writeFile(
      path.join(folder, 'config'),
      `[default]\nregion = eu-central-1\ns3 =\n  addressing_style = path\n${profile('a', 's3://lake/a/*', 'READWRITE')}${profile('public', 's3://lake/public/*', 'READ')}${profile('round', 's3://lake/a/*', 'READ', 'round')}`,
    )
    await writeFile(
      path.join(folder, 'credentials'),
      `[default]\naws_access_key_id = ${credentials.accessKeyId}\naws_secret_access_key = ${credentials.secretAccessKey}\n`,
    )
    env = {
      ...{ PATH: process.env.PATH ?? '', HOME: folder, TMPDIR: folder },
      AWS_CONFIG_FILE: path.join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'),
      AWS_ENDPOINT_URL: lake.sandbox.url,
      AWS_EC2_METADATA_DISABLED: 'true',
      HEADGATE_URL: 'https://headgate.example.com',
    }
  })
  after(async () => {
    await lake.close()
    await rm(folder, { recursive: true })
  })

  const credentials = (...args: string[]) =>
    run(process.execPath, [...headgate.split(' ').slice(1), 'credentials', ...args], { env })

  test('four at once are one vend, kept in a file that only its owner reads', async () => {
    const args = ['--target', 's3://lake/a/*', '--permission', 'READWRITE', '--aws-profile', 'default']
    const printed = await Promise.all(Array.from({ length: 4 }, () => credentials(...args)))
    const [first] = printed.map(({ stdout }) => JSON.parse(stdout))
    assert.equal(first.Version, 1)
    assert.equal(new Set(printed.map(({ stdout }) => stdout)).size, 1)
    const cache = path.join(folder, '.cache/headgate/credentials')
    const [file = '', ...others] = await readdir(cache)
    assert.deepEqual(others, [])
    assert.equal((await stat(path.join(cache, file))).mode & 0o777, 0o600)
    const s3 = new S3Client({
      ...{ region: 'eu-central-1', endpoint: lake.sandbox.url, forcePathStyle: true },
      credentials: {
        accessKeyId: first.AccessKeyId,
        secretAccessKey: first.SecretAccessKey,
        sessionToken: first.SessionToken,
      },
    })
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'lake', Key: 'a/7' }))
    assert.equal(await Body?.transformToString(), 'number 7')
  })

  test('a denial says at which layer, and where it is explained', async () => {
    await assert.rejects(credentials('--target', 's3://lake/public/*', '--aws-profile', 'default'), error => {
      const { stderr, code } = error as unknown as { stderr: string; code: number }
      assert.equal(code, 1)
      assert.match(stderr, /^no access grant of yours covers s3:\/\/lake\/public\/\*/)
      assert.match(stderr, /https:\/\/headgate\.example\.com\/app\/access\?path=s3%3A%2F%2Flake%2Fpublic%2F/)
      return true
    })
    await assert.rejects(credentials('--target', 'lake/public'), /is no target: write s3:/)
    await assert.rejects(
      credentials('--target', 's3://lake/a/*', '--aws-profile', 'round'),
      /does not call `headgate credentials` itself/,
    )
  })

  test('the AWS CLI copies, lists and syncs', { skip: without('aws', '--version') }, async () => {
    const aws = (...args: string[]) => run('aws', [...args, '--profile', 'a'], { env, cwd: folder })
    await aws('s3', 'cp', 's3://lake/a/5', 'five')
    assert.equal(await readFile(path.join(folder, 'five'), 'utf8'), 'number 5')
    assert.equal((await aws('s3', 'ls', 's3://lake/a/')).stdout.trim().split('\n').length, 100)
    await aws('s3', 'sync', 's3://lake/a/', 'copy')
    assert.equal((await readdir(path.join(folder, 'copy'))).length, 100)
    await assert.rejects(aws('s3', 'cp', 's3://lake/public/hello.txt', 'no'), /403|AccessDenied|Forbidden/)
  })

  test('boto3 reads and writes', { skip: without('python3', '-c', 'import boto3') }, async () => {
    const program = `
import boto3
s3 = boto3.Session(profile_name='a').client('s3')
s3.put_object(Bucket='lake', Key='a/new', Body=b'by boto3')
print(s3.get_object(Bucket='lake', Key='a/new')['Body'].read().decode())
s3.delete_object(Bucket='lake', Key='a/new')`
    assert.equal((await run('python3', ['-c', program], { env })).stdout.trim(), 'by boto3')
  })

  test('rclone copies and lists', { skip: without('rclone', 'version') }, async () => {
    // Of AWS itself it asks by host names of buckets alone, which the sandbox's address has none of.
    const where = `:s3,provider=Other,env_auth=true,profile=a,region=eu-central-1,endpoint='${lake.sandbox.url}':lake/a/`
    const rclone = (...args: string[]) => run('rclone', args, { env: { ...env, AWS_SDK_LOAD_CONFIG: '1' } })
    await rclone('copyto', `${where}6`, path.join(folder, 'six'))
    assert.equal(await readFile(path.join(folder, 'six'), 'utf8'), 'number 6')
    assert.equal((await rclone('lsf', where)).stdout.trim().split('\n').length, 100)
  })

  test('once the grant is gone a new ask is refused, and nothing stays in the cache', async () => {
    const { accountId: AccountId, owner } = lake.account
    await owner.s3Control.send(new DeleteAccessGrantCommand({ AccountId, AccessGrantId: grant }))
    lake.clock.aheadMs = 0
    await assert.rejects(
      credentials('--target', 's3://lake/a/*', '--permission', 'READ', '--aws-profile', 'default'),
      /no access grant/,
    )
  })
})
