/**
 * The main job from a terminal: every command is typed into a shell as somebody would type it, and told with what came of it. Bytes are
 * read by `aws s3 cp` through `credential_process` where the AWS CLI is installed, else by the AWS SDK with the plugin.
 */
import assert from 'node:assert/strict'
import type { AwsCredentials } from './aws.ts'
import { s3Reader } from './cli-reader.ts'
import type { Stage } from './stage.ts'
import { openTerminal, type Terminal } from './terminal.ts'

const integration = 'Tour'
const folder = {
  data: `
tags: [{ name: Research }, { name: Research.Demographics }]
dataSources:
  - { name: Demographics, integration: ${integration}, prefix: /research-data/demographics/*, tags: [Research.Demographics] }
  - { name: Salaries, integration: ${integration}, prefix: /research-data/salaries/* }
`,
  policy: `
policies:
  - name: Project members read their project
    kind: grant
    level: READ
    appliesTo: { any: [{ tag: Research }] }
    who: { when: "@hasTagAsAttribute('project', 'dataSource')" }
    state: active
`,
  market: `
dataProducts:
  - { key: salaries, name: Salaries by grade, dataSources: [Salaries], longest: 90d, state: published }
`,
} as const

export async function tellCommands(stage: Stage, home: string): Promise<void> {
  const { account, endpoint, until } = stage
  const analyst = account.principals.find(({ arn }) => arn.endsWith('role/analyst'))
  assert.ok(analyst)
  const terminal = await openTerminal(home, {
    ...{ AWS_ENDPOINT_URL: endpoint, AWS_REGION: account.region, AWS_EC2_METADATA_DISABLED: 'true' },
    HEADGATE_URL: stage.url,
  })
  const { type, read, write } = terminal
  const s3 = await s3Reader(terminal, { credentials: analyst.credentials, region: account.region, endpoint })
  const step = (title: string, work: () => Promise<unknown>) =>
    stage.step(title, async () => {
      await work()
      return { says: terminal.told() }
    })
  const grants = (count: number) =>
    until(`${count} grants are active`, async () => {
      const { items } = await read<Grants>('headgate grant list --live true --json')
      return items.length === count && items.every(({ state }) => state === 'active')
    })

  await step('sign in with an API key, and look whether all is well', async () => {
    await write('admin.key', stage.adminApiKey)
    assert.match(await type(`headgate login --url ${stage.url} < admin.key`), /^signed in as admin; kept in /)
    assert.match(await type('headgate doctor'), /^✔ server: /m)
  })

  await step('connect an AWS account, after nine validation tests', async () => {
    await write('integration.yaml', integrationFile(account))
    assert.match(await type('headgate integration validate -f integration.yaml'), /status: passed/)
    await type('headgate integration create -f integration.yaml > made.yaml')
    await until('the location is registered', async () => {
      const { status } = await read<{ status: string }>('headgate integration show 1 --json')
      assert.notEqual(status, 'createError')
      return status === 'enabled'
    })
    assert.match(await type('headgate integration list'), /Tour +enabled/)
  })

  await step('write down tags and data sources; the plan says what is missing, and exits 2', async () => {
    await write('lake/data.yaml', folder.data)
    assert.match(await type('headgate plan lake', 2), /^\+ data source Demographics$/m)
    assert.match(await type('headgate apply lake --yes'), /done: create data source Salaries/)
    assert.match(await type('headgate plan lake'), /^Nothing to do/)
  })

  await step('map a person to her AWS role and say what is known of her', async () => {
    await type(`headgate user create --set userid=ann@example.org --set 'name=Ann Moreau'`)
    await write('principals.yaml', `- { kind: iamRole, identifier: '${analyst.arn}' }\n`)
    await type('headgate user set-principals ann@example.org -f principals.yaml')
    await type('headgate user add-attribute ann@example.org project Research')
    await write('.aws/credentials', profileOf(analyst.credentials))
  })

  await step('nobody reaches anything before a policy says so', async () => {
    assert.match(await type('headgate access who s3://research-data/demographics/2026/people.csv'), /^none$/m)
    await isDenied(terminal, 's3://research-data/demographics/*')
  })

  await step('a policy: checked without a server, and its effect seen before it is there', async () => {
    await write('lake/policy.yaml', folder.policy)
    await type('headgate policy lint lake')
    const planned = await type('headgate plan lake --out plan.json', 2)
    assert.match(planned, /^Access: 1 gained \(person × data source\), for 1 person\.$/m)
    assert.match(planned, /^Tour: 1 grants to create, 0 to revoke/m)
  })

  await step('the plan is carried out exactly, and the grant is in AWS', async () => {
    assert.match(await type('headgate apply plan.json'), /done: create policy Project members/)
    await grants(1)
    assert.match(await type('headgate grant list --live true'), /research-data\/demographics\/\* +READ +active/)
  })

  await step('who reaches it, what she reaches, and why', async () => {
    const place = 's3://research-data/demographics/2026/people.csv'
    assert.match(await type(`headgate access who ${place}`), /ann@example\.org +Demographics .*READ/)
    assert.match(await type('headgate access what ann@example.org'), /Demographics .*Project members/)
    assert.match(await type(`headgate explain ann@example.org ${place}`), /because of policy Project members/)
    assert.match(await type('headgate explain ann@example.org Salaries'), /Salaries: none/)
  })

  await step('Ann signs in with a key of her own, and takes ready AWS profiles', async () => {
    const { items } = await stage.api.users.list({ query: { search: 'ann@' } })
    const ann = await stage.signIn(items[0]?.id ?? 0)
    await write('ann.key', (await ann.apiKeys.create({ body: { name: 'laptop' } })).key)
    await type(`headgate login --url ${stage.url} --profile ann < ann.key`)
    await type('headgate aws-config --profile ann > ~/.aws/config && cat ~/.aws/config')
  })

  await step(`she reads an object, by ${s3.by}`, async () => {
    const text = await s3.read('s3://research-data/demographics/2026/people.csv', 'headgate-Demographics')
    assert.equal(text.split('\n')[0], 'city,people')
  })

  await step('the sibling prefix is refused, with and without those credentials', async () => {
    await isDenied(terminal, 's3://research-data/salaries/*')
    await s3.isRefused('s3://research-data/salaries/2026.csv', 'headgate-Demographics')
  })

  await step('a data product offers it to whoever asks', async () => {
    await write('lake/market.yaml', folder.market)
    assert.match(await type('headgate apply lake --yes'), /done: create data product salaries/)
    assert.match(await type('headgate product find --profile ann'), /Salaries by grade/)
  })

  await step('Ann asks, the governor decides', async () => {
    const { items } = await read<{ items: { id: string }[] }>(
      'headgate product find --search grade --profile ann --json',
    )
    const ask = `headgate request create ${items[0]?.id} --set 'answers.purpose=The yearly report' --set duration=30d --profile ann`
    assert.match(await type(ask), /^state: pending$/m)
    assert.match(await type('headgate request list --box toDecide'), /Salaries by grade/)
    await type('headgate request decide 1 --set verdict=approve > decided.yaml')
    await grants(2)
    assert.match(await type('headgate request list --profile ann'), /approved/)
  })

  await step(`she reads what she asked for, by ${s3.by}`, async () => {
    await type('headgate aws-config --profile ann > ~/.aws/config')
    const text = await s3.read('s3://research-data/salaries/2026.csv', 'headgate-Salaries')
    assert.equal(text.split('\n')[0], 'grade,median')
  })

  await step('her attribute goes and her request is revoked, and the grants with them', async () => {
    await type('headgate user remove-attribute ann@example.org project Research --yes')
    await type(`headgate request revoke 1 --set 'reason=The report is out' > revoked.yaml`)
    await grants(0)
  })

  await step('she is refused new credentials, told at which layer, and what would change it', async () => {
    await type('rm -r ~/.cache/headgate')
    await isDenied(terminal, 's3://research-data/demographics/*')
    const why = await type('headgate explain ann@example.org Demographics')
    assert.match(why, /the attribute project: Research.* would give READ/)
  })

  await step('the audit trail has it all, and is whole', async () => {
    assert.match(await type('headgate audit tail --lines 6'), /Z {2}admin {2}/)
    await type('headgate audit trail > trail.ndjson')
    assert.match(await type('headgate audit verify trail.ndjson'), /^whole: events 1 to \d+/m)
  })

  await step('the folder says nothing any more: what is not named goes, then the integration', async () => {
    await type('rm lake/*.yaml && echo "policies: []" > lake/empty.yaml')
    assert.match(await type('headgate apply lake --prune --yes'), /done: delete data source Salaries/)
    for (const name of ['Demographics', 'Salaries']) await type(`headgate data-source delete ${name} --hard true --yes`)
    await type('headgate integration delete 1 --yes')
    await until('the location is gone', async () => {
      const { status } = await read<{ status: string }>('headgate integration show 1 --json')
      assert.notEqual(status, 'deleteError')
      return status === 'deleted'
    })
  })
}

interface Grants {
  readonly items: readonly { readonly state: string }[]
}

async function isDenied({ type }: Terminal, target: string): Promise<void> {
  const told = await type(`headgate credentials --target '${target}' --aws-profile default`, 1)
  assert.match(told, /^no access grant of yours covers /m)
}

function profileOf({ accessKeyId, secretAccessKey, sessionToken = '' }: AwsCredentials): string {
  const lines = {
    aws_access_key_id: accessKeyId,
    aws_secret_access_key: secretAccessKey,
    aws_session_token: sessionToken,
  }
  return ['[default]', ...Object.entries(lines).map(([name, value]) => `${name} = ${value}`), ''].join('\n')
}

function integrationFile({ accountId, region, locationRole, controller }: Stage['account']): string {
  return `type: Native S3
autoBootstrap: false
config:
  name: ${integration}
  awsAccountId: '${accountId}'
  awsRegion: ${region}
  awsLocationRole: ${locationRole}
  awsLocationPath: s3://
  authenticationType: accessKey
  awsAccessKeyId: ${controller.accessKeyId}
  awsSecretAccessKey: ${controller.secretAccessKey}
`
}
