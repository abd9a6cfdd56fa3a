/** What an identity provider may assert: nothing but what its lists name. Pure. */
import { isLike, nameKey } from '@headgate/core'

export interface AllowList {
  readonly attributeKeys: readonly string[]
  /** `*` is any run of characters. */
  readonly groupPatterns: readonly string[]
}

/** @param name in its normal form, as the provider writes it */
export function allowsGroup({ groupPatterns }: AllowList, name: string): boolean {
  const key = nameKey(name)
  return groupPatterns.some(pattern => isLike(nameKey(pattern), key))
}

/** The key as the list spells it, which is how policies compare it; undefined: not allowed. */
export function allowedKey({ attributeKeys }: AllowList, key: string): string | undefined {
  const wanted = nameKey(key)
  return attributeKeys.find(one => nameKey(one) === wanted)
}
