/**
 * The marketplace in the words of the policy language (06): a published data product is a tag on its data sources, a
 * membership is a value of its person that holds until its end.
 *
 * The two standing policies compare the one with the other; to every other policy, and to domains, reserved names say
 * nothing at all, and what people, groups and data sources have of such names by another door says nothing to anybody.
 */
import type { DataProduct, DataProductId, DataSource, Instant, Level, Membership, Policy, UserId } from './facts.ts'

/** No tag, group, attribute key or value that people make may begin with it. */
export const reservedName = 'Headgate Marketplace'

/** The key under which members hold a product's value, and the tag of which a product's is a child. */
export const marketplaceNames = {
  READ: { key: 'Headgate Marketplace', tag: 'Headgate Marketplace Data Product' },
  WRITE: { key: 'Headgate Marketplace Write', tag: 'Headgate Marketplace Data Product Write' },
} as const satisfies Readonly<Record<Level, { readonly key: string; readonly tag: string }>>

/** The tag of the data sources, and the value of the members. */
export function productTag(product: DataProductId, level: Level): string {
  return `${marketplaceNames[level].tag}.${product}`
}

/** Of which of these tags are which products, at a level; in the order of the tags. */
export function productsIn(tags: readonly string[], level: Level): DataProductId[] {
  const start = `${marketplaceNames[level].tag}.`
  return tags.filter(tag => tag.startsWith(start)).map(tag => tag.slice(start.length) as DataProductId)
}

/** A value that holds until an instant. */
export interface TimedAttribute {
  readonly subject: { readonly user: UserId }
  readonly key: string
  readonly value: string
  /** The first instant at which it no longer holds; without it, no end. */
  readonly until?: Instant
}

/** A membership as the policy language sees it. */
export function attributeOf({ user, product, level, until }: Omit<Membership, 'id'>): TimedAttribute {
  const ends = until === undefined ? {} : { until }
  return { subject: { user }, key: marketplaceNames[level].key, value: productTag(product, level), ...ends }
}

/** Whether only the standing policies may see it. */
export function isReserved(name: string): boolean {
  return name.startsWith(reservedName)
}

/** The tags that a policy may look at. */
export function tagsSeen(policy: Pick<Policy, 'protected'>, tags: readonly string[]): readonly string[] {
  return policy.protected ? tags.filter(isReserved) : plainTags(tags)
}

/** The tags that every policy may see; the very same list where that is all of them. */
function plainTags(tags: readonly string[]): readonly string[] {
  return tags.some(isReserved) ? tags.filter(tag => !isReserved(tag)) : tags
}

/** The data source with the tags of these products, and no others of such names. */
export function taggedBy(products: Iterable<DataProduct>, row: DataSource): DataSource {
  const plain = untagged(row).tags
  const reserved = Array.from(products, ({ id, levels }) => levels.map(level => productTag(id, level))).flat()
  return { ...row, tags: [...plain, ...reserved.sort()] }
}

/** The data source without the tags of products. */
export function untagged(row: DataSource): DataSource {
  const plain = plainTags(row.tags)
  return plain === row.tags ? row : { ...row, tags: plain }
}
