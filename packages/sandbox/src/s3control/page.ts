/** Pages: MaxResults and NextToken. A token says after which sequence number to go on, and for which question. */
import { createHash } from 'node:crypto'
import { AwsError, queryValue } from '../wire.ts'
import type { ControlCall } from './control-call.ts'
import { readNumber } from './validate.ts'

export interface PageRequest {
  readonly limit: number
  /** Go on after this sequence number; 0 for the first page. */
  readonly after: number
  readonly question: string
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly nextToken: string | undefined
}

/** Throws InvalidRequest for a token that was not given out for this very question. */
export function readPageRequest(call: ControlCall): PageRequest {
  const asked = readNumber(call.request, 'maxResults', 0, 1000)
  // Zero is allowed and can't mean an empty page, or a client that follows tokens would never come to the end.
  const limit = asked === undefined || asked === 0 ? call.world.unknowns.defaultPageSize : asked
  const question = questionOf(call)
  const token = queryValue(call.request, 'nextToken')
  return { limit, question, after: token === undefined ? 0 : readToken(call, token, question) }
}

/** Takes what `itemsAfter` yields in rising sequence until the page is full. */
export function takePage<Item extends { readonly sequence: number }>(
  request: PageRequest,
  items: Iterable<Item>,
): Page<Item> {
  const taken: Item[] = []
  for (const item of items) {
    if (taken.length === request.limit) {
      return { items: taken, nextToken: printToken((taken.at(-1) as Item).sequence, request.question) }
    }
    taken.push(item)
  }
  return { items: taken, nextToken: undefined }
}

function questionOf(call: ControlCall): string {
  const filters = call.request.query
    .filter(([name]) => name !== 'nextToken' && name !== 'maxResults')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
  const text = [call.operation, call.account, call.region, call.caller.arn, ...filters].join('\n')
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

const printToken = (sequence: number, question: string): string =>
  Buffer.from(`${question}.${sequence}`).toString('base64url')

function readToken(call: ControlCall, token: string, question: string): number {
  const match = /^(.{16})\.(\d+)$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  if (match === null || match[1] !== question) throw badToken(call)
  return Number(match[2])
}

const badToken = (call: ControlCall): AwsError =>
  new AwsError(call.world.unknowns.badTokenCode, 400, 'The specified NextToken is invalid')
