/** Names that only the marketplace gives out (06): refused for tags, groups, user names, attribute keys and values. */
import { Problem } from '@headgate/core/api'

/** The attribute key; the tag `Headgate Marketplace Data Product` begins with it too. */
const reserved = 'headgate marketplace'

/** @throws Problem `name-reserved` */
export function refuseReserved(...names: readonly string[]): void {
  const name = names.find(isReserved)
  if (name !== undefined) throw new Problem('name-reserved', { name })
}

/** Wider than byte for byte: a name that only looks like a reserved one would mislead whoever reads a policy. */
export function isReserved(name: string): boolean {
  const seen = name
    .normalize('NFKC')
    .replaceAll(/\p{Cf}/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toLowerCase()
  return seen.startsWith(reserved)
}
