/**
 * A sandbox in a process of its own, filled with grants: `node filled-sandbox.ts LOCATIONS GRANTS FOREIGN`, forked.
 * Tells its address and the account's key; the grants of each location are those that `grantOf` names, and FOREIGN more.
 */
import { fileURLToPath } from 'node:url'
import { startSandbox } from '@headgate/sandbox'

export const account = '111122223333'
export const region = 'us-east-1'
const peopleEach = 100

export interface FilledSandbox {
  readonly url: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export const program = fileURLToPath(import.meta.url)

/** The n-th grant of a location: its id in AWS, for whom, and on what. */
export function grantOf(location: number, n: number) {
  const dataSource = Math.floor(n / peopleEach)
  return {
    id: `${hex(location, 8)}-0000-4000-8000-${hex(n, 12)}`,
    person: n % peopleEach,
    grantee: `arn:aws:iam::${account}:user/person-${n % peopleEach}`,
    dataSource,
    bucket: `lake-${location}`,
    key: `source-${dataSource}/`,
  }
}

export const locationId = (location: number) => `${hex(location, 8)}-1111-4000-8000-000000000000`
export const locationRole = `arn:aws:iam::${account}:role/location`

function hex(n: number, digits: number): string {
  return n.toString(16).padStart(digits, '0')
}

if (process.argv[1] === program) await fill()

async function fill(): Promise<void> {
  const [locations = 0, grants = 0, foreign = 0] = process.argv.slice(2).map(Number)
  const sandbox = await startSandbox({ limits: { grantsPerInstance: 10 * grants + foreign } })
  const key = sandbox.makeAccount(account)
  const arn = `arn:aws:s3:${region}:${account}:access-grants/default`
  const instance = { account, region, arn, createdAt: 0, lingering: new Map(), tags: new Map(), sequence: 0 }
  const kept = { ...instance, locations: new Map(), grants: new Map() }
  const each = Math.floor(grants / locations)
  for (let at = 0; at < locations; at += 1) {
    const id = locationId(at)
    const place = { id, arn: `${arn}/location/${id}`, scope: `s3://lake-${at}/`, roleArn: locationRole, createdAt: 0 }
    kept.sequence += 1
    kept.locations.set(id, { ...place, sequence: kept.sequence, tags: new Map() })
    for (let n = 0; n < each; n += 1) add(at, grantOf(at, n))
  }
  for (let n = 0; n < foreign; n += 1)
    add(n % locations, { ...grantOf(n % locations, n), id: `foreign-${n}`, key: 'x/' })
  sandbox.state.accounts.get(account)?.accessGrants.set(region, kept)
  const { accessKeyId, secretAccessKey } = key
  process.send?.({ url: sandbox.url, accessKeyId, secretAccessKey } satisfies FilledSandbox)

  function add(at: number, { id, grantee, bucket, key: prefix }: ReturnType<typeof grantOf>): void {
    kept.sequence += 1
    kept.grants.set(id, {
      id,
      arn: `${arn}/grant/${id}`,
      createdAt: 0,
      sequence: kept.sequence,
      granteeType: 'IAM',
      granteeIdentifier: grantee,
      locationId: locationId(at),
      subPrefix: `${prefix}*`,
      permission: 'READ',
      isObject: false,
      scope: `s3://${bucket}/${prefix}*`,
      tags: new Map(),
    })
  }
}
