/** Bodies, files and policies that pages show, held against the schemas by which they would be read. */
import { api, type Endpoint } from '@headgate/core/api'
import { parse } from 'yaml'
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
  return wrongAs(value, note, routes)
}

/** As what it says it is, or else as what it looks like; undefined where it is well, or nothing of ours. */
function wrongAs(value: unknown, note: string, routes: readonly Endpoint[]): string | undefined {
  const [, method, path] = /^body of (\w+) (\S+)$/.exec(note) ?? []
  if (method !== undefined) {
    const body = routes.find(one => one.method === method && one.path === path)?.body
    return body === undefined ? `${method} ${path} takes no body` : refusal(body, value)
  }
  if (typeof value !== 'object' || value === null) return undefined
  if ('Statement' in value) return wrongInAwsPolicy(value)
  if ('changes' in value) return refusal(api.previews.make.body, value)
  if ('kind' in value && 'who' in value) return refusal(api.policies.create.body, value)
  const lists = Object.entries(value).map(([name, items]) => ({ kind: kinds.find(one => one.name === name), items }))
  if (lists.length === 0 || lists.some(({ kind }) => kind === undefined)) return undefined
  return lists
    .flatMap(({ kind, items }) => (items as unknown[]).map(item => kind && refusal(kind.item, item)))
    .find(wrong => wrong !== undefined)
}

type Schema = NonNullable<Endpoint['body']>

function refusal(schema: Schema, value: unknown): string | undefined {
  return schema.safeParse(value).error?.message
}

/** Of AWS's grammar what is easily got wrong: misspelt parts and statements about nothing. */
function wrongInAwsPolicy(value: object): string | undefined {
  const { Version, Statement } = value as { Version?: unknown; Statement: unknown }
  if (Version !== '2012-10-17') return 'an AWS policy needs its version, 2012-10-17'
  const statements = (Array.isArray(Statement) ? Statement : [Statement]) as readonly Readonly<
    Record<string, unknown>
  >[]
  const parts = ['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition']
  return statements
    .map(one => {
      const odd = Object.keys(one).find(part => !parts.includes(part))
      if (odd !== undefined) return `an AWS policy knows no ${odd}`
      if (one.Effect !== 'Allow' && one.Effect !== 'Deny') return 'a statement allows or denies'
      if (one.Action === undefined) return 'a statement without an action'
      return one.Principal === undefined && one.Resource === undefined ? 'a statement about nothing' : undefined
    })
    .find(wrong => wrong !== undefined)
}
