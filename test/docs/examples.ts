/** Bodies, files and policies that pages show, held against the schemas by which they would be read. */
import { api, type Endpoint } from '@headgate/core/api'
import { parse } from 'yaml'
import { z } from 'zod'
import { kinds } from '../../packages/cli/src/code/kinds.ts'
import type { Block, Page } from './page.ts'

/** @param routes of the contract, for blocks noted `body of POST /path` */
export function invalidExamples({ file, blocks }: Page, routes: readonly Endpoint[]): string[] {
  return blocks
    .filter(({ language }) => language === 'json' || language === 'yaml')
    .flatMap(block => {
      const wrong = wrongWith(block, routes)
      return wrong === undefined ? [] : [`${file}:${block.line}: ${wrong}`]
    })
}

function wrongWith({ language, text, note }: Block, routes: readonly Endpoint[]): string | undefined {
  let value: unknown
  try {
    value = language === 'json' ? JSON.parse(text) : parse(text)
  } catch (error) {
    return `cannot be read: ${(error as Error).message.split('\n')[0]}`
  }
  const schema = schemaFor(value, note, routes)
  if (typeof schema === 'string') return schema
  const found = schema?.safeParse(value)
  return found?.error === undefined ? undefined : z.prettifyError(found.error)
}

/** By what it says it is, or else by how it looks; undefined where it is nothing of ours. */
function schemaFor(value: unknown, note: string, routes: readonly Endpoint[]): z.ZodType | string | undefined {
  const [, method, path] = /^body of (\w+) (\S+)$/.exec(note) ?? []
  if (method !== undefined) {
    const route = routes.find(one => one.method === method && one.path === path)
    return route?.body ?? `${method} ${path} takes no body`
  }
  if (typeof value !== 'object' || value === null) return undefined
  const keys = Object.keys(value)
  if ('Statement' in value) return awsPolicy
  if ('changes' in value) return api.previews.make.body
  if ('kind' in value && 'who' in value) return api.policies.create.body
  if (keys.length > 0 && keys.every(key => kinds.some(({ name }) => name === key)))
    return z.strictObject(Object.fromEntries(kinds.map(({ name, item }) => [name, z.array(item).optional()])))
  return undefined
}

const textOrList = z.union([z.string(), z.array(z.string()).min(1)])
const awsPolicy = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z
    .array(
      z
        .strictObject({
          Sid: z.string().optional(),
          Effect: z.enum(['Allow', 'Deny']),
          Principal: z.union([z.literal('*'), z.record(z.string(), textOrList)]).optional(),
          Action: textOrList,
          Resource: textOrList.optional(),
          Condition: z.record(z.string(), z.record(z.string(), textOrList)).optional(),
        })
        .refine(({ Principal, Resource }) => Principal !== undefined || Resource !== undefined, 'about nothing'),
    )
    .min(1),
})
