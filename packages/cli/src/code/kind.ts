/**
 * What configuration as code is made of: kinds of things, each written by names in files, read from and written to a server
 * through its public API. Everything else here works on kinds alone.
 */
import type { Caller, HypotheticalChange } from '@headgate/core/api'
import type { z } from 'zod'

/** As it stands on the server, in the words of a file. */
export interface Current<Content> {
  readonly content: Content
  /** What the API calls it by. */
  readonly id: string
  readonly version?: number
  /** Made by hand in a way that files do not speak of: never changed, never pruned. */
  readonly untouched?: true
  /** Not pruned, though files may speak of it. */
  readonly isUsed?: true
}

/** Ids of the things that files name and do not make, and of those that they make, as they come to be. */
export interface Names {
  readonly integrations: Map<string, string>
  readonly dataSources: Map<string, string>
  readonly agreements: Map<string, string>
  readonly requestForms: Map<string, string>
  readonly reviewFlows: Map<string, string>
}

export interface Step<Content = unknown> {
  readonly kind: Kind<Content>
  readonly do: 'create' | 'change' | 'delete'
  /** What it is called by. */
  readonly key: string
  /** Absent where it is deleted. */
  readonly wanted?: Content
  /** Absent where it is created. */
  readonly current?: Current<Content>
}

export interface Kind<Content> {
  /** The key of files, such as `dataSources`. */
  readonly name: string
  /** One of them, for people. */
  readonly one: string
  readonly item: z.ZodType<Content>
  keyOf(content: Content): string
  /** The one of its kind that it lies in, which stays as long as it does. */
  within?(key: string): string | undefined
  /** What of it is compared with `other`, in one canonical form; absent: all of it. */
  comparable?(content: Content, other?: Content): unknown
  /** Throws Refused for a change that can never be made. */
  check?(step: Step<Content>): void
  /** All there are, whoever made them; fills in the names that it knows. */
  read(api: Caller, names: Names): Promise<Current<Content>[]>
  create(api: Caller, content: Content, names: Names): Promise<void>
  change(api: Caller, current: Current<Content>, content: Content, names: Names): Promise<void>
  remove(api: Caller, current: Current<Content>): Promise<void>
  /** Its part in a preview; several changes are several writes, in this order. Undefined: access does not hang on it. */
  effect(step: Step<Content>, names: Names): readonly HypotheticalChange[] | undefined
}

/** Page after page. */
export async function everyItem<Item>(
  list: (query: { limit: string; cursor?: string }) => Promise<{ items: Item[]; next?: string | undefined }>,
): Promise<Item[]> {
  const items: Item[] = []
  for (let cursor: string | undefined; ; ) {
    const page = await list({ limit: '1000', ...(cursor !== undefined && { cursor }) })
    items.push(...page.items)
    if (page.next === undefined) return items
    cursor = page.next
  }
}

/** Without the fields that are undefined: what a file would say. */
export function said<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as T
}
