// Which bucket and key a request means, path style or virtual-host style.
// A key is what stands between the slashes, percent-decoded and nothing else: `..`, `//`, `*` and `+` stay what they are.

import type { Region } from '../state.ts'
import type { WireRequest } from '../wire.ts'
import { s3Error } from './errors.ts'

export interface Address {
  readonly bucket?: string
  /** Never empty. */
  readonly key?: string
}

/** Throws InvalidURI where the path is no UTF-8. */
export function addressOf(request: Pick<WireRequest, 'host' | 'rawPath'>): Address {
  const path = decodePath(request.rawPath).replace(/^\//, '')
  const hosted = bucketInHost(request.host)
  if (hosted !== undefined) return path === '' ? { bucket: hosted } : { bucket: hosted, key: path }
  const slash = path.indexOf('/')
  if (path === '') return {}
  if (slash < 0) return { bucket: path }
  const bucket = path.slice(0, slash)
  const key = path.slice(slash + 1)
  return key === '' ? { bucket } : { bucket, key }
}

/** The region that an AWS host name names (`s3.eu-west-1.amazonaws.com`); local host names name none. */
export function regionInHost(host: string): Region | undefined {
  return /(?:^|\.)s3[.-](?:dualstack\.)?([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?$/.exec(
    withoutPort(host),
  )?.[1]
}

/** Whether the host is the global endpoint with the bucket in front: DNS leads that to the bucket's own region. */
export function isGlobalBucketHost(host: string): boolean {
  return /^.+\.s3\.amazonaws\.com$/.test(withoutPort(host))
}

// `lake.s3.eu-west-1.amazonaws.com`, `lake.s3.localhost`, `lake.localhost`; never a bare host or address.
function bucketInHost(host: string): string | undefined {
  const name = withoutPort(host)
  const match = /^(.+)\.s3[.-].+$/.exec(name) ?? /^(.+)\.localhost$/.exec(name)
  const bucket = match?.[1]
  return bucket === 's3' ? undefined : bucket
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '').toLowerCase()
}

function decodePath(rawPath: string): string {
  try {
    return decodeURIComponent(rawPath)
  } catch {
    throw s3Error('InvalidURI', { URI: rawPath })
  }
}
