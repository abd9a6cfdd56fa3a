/** Versions as HTTP has them said: `W/"3"`, several of them, or `*`. */
import { Problem } from '@headgate/core/api'
import { etagOf } from './present.ts'

/** @throws Problem `scim-version-changed` unless `If-Match` is absent or names the version */
export function refuseStale(ifMatch: string | undefined, version: number): void {
  if (ifMatch === undefined || ifMatch.trim() === '*' || namesVersion(ifMatch, version)) return
  throw new Problem('scim-version-changed', { version: etagOf(version) })
}

/** Whether a header names the version; weak or strong, since a resource has one form for everybody. */
export function namesVersion(header: string, version: number): boolean {
  return header.split(',').some(one => /^\s*(?:W\/)?"(\d+)"\s*$/.exec(one)?.[1] === String(version))
}
