/** A bucket of a seed and the objects that it lacks. */
import { checksumOf, md5Of } from '../checksum.ts'
import { storeObject } from '../s3/object-index.ts'
import { checksumHeaders } from '../s3/put-object.ts'
import type { World } from '../service.ts'
import type { AccountId, Bucket, Region } from '../state.ts'
import type { SeedBucket } from './read-seed.ts'

/** Throws TypeError when the name is taken by another account or in another region. */
export function fillBucket(world: World, account: AccountId, region: Region, { name, objects }: SeedBucket): void {
  const { state, now } = world
  const known = state.buckets.get(name)
  if (known !== undefined && (known.account !== account || known.region !== region)) {
    throw new TypeError(`bucket \`${name}\` is account \`${known.account}\`'s in ${known.region}`)
  }
  const bucket: Bucket = known ?? { name, account, region, createdAt: now(), tags: new Map(), objects: new Map() }
  state.buckets.set(name, bucket)
  for (const { key, contentType, body } of objects ?? []) {
    if (bucket.objects.has(key)) continue
    const content = Buffer.from(body)
    storeObject(bucket, {
      key,
      body: content,
      etag: `"${md5Of(content).toString('hex')}"`,
      modifiedAt: now(),
      contentType,
      headers: checksumHeaders({ algorithm: 'CRC64NVME', value: checksumOf('CRC64NVME', content) }),
      tags: new Map(),
    })
  }
}
