/**
 * What configuration as code is made of: kinds of things, each written by names in files, read from and written to a server
 * through its public API. Everything else here works on kinds alone.
 */
import type { Caller } from '@headgate/core/api'
import type { z } from 'zod'
import type { Write } from './write.ts'

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
  /** Of the person who calls: nobody changes what they may themselves. */
  readonly isOwn?: true
  /** Switched off: neither pulled nor pruned; files that name it switch it on again. */
  readonly isOff?: true
}

/** Ids of the things that files name and do not make, and of those that they make, as they come to be. */
export interface Names {
  readonly integrations: Map<string, string>
  readonly groups: Map<string, string>
  readonly users: Map<string, string>
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
  /** What carries the step out, in this order. Names that are not there yet are looked for when it is sent. */
  writes(step: Step<Content>, names: Names): readonly Write[]
  /** Others name it and access does not hang on it: made before the rest is held against its preview. */
  readonly isGround?: true
  /** People: files need not speak of them. Read, and pruned, only where they do. */
  readonly isOptional?: true
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
