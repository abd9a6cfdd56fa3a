/** Names that only the marketplace gives out (06): refused for tags, groups, user names, attribute keys and values. */
import { lookAlike, normalText, reservedName } from '@headgate/core'
import { Problem } from '@headgate/core/api'

const reserved = lookAlike(reservedName)

/** @throws Problem `name-reserved` */
export function refuseReserved(...names: readonly string[]): void {
  const name = names.find(isReserved)
  if (name !== undefined) throw new Problem('name-reserved', { name })
}

/** Wider than byte for byte: a name that only looks like a reserved one would mislead whoever reads a policy. */
export function isReserved(name: string): boolean {
  return seen(name).startsWith(reserved)
}

function seen(name: string): string {
  return lookAlike(normalText(name.replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '').replaceAll(/\s+/g, ' ')))
}
