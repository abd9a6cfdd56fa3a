/**
 * The trail as a file: each batch is one line with its hashes, followed by the texts of its events, a line each;
 * checkpoints are lines of their own. A line that holds neither is an event as it happened, so that whoever wants events
 * alone leaves out the lines without an `id`.
 */
import { z } from 'zod'
import { hashOfEvent } from './chain.ts'
import { readCheckpoint } from './outside.ts'
import type { SignedCheckpoint } from './statement.ts'
import type { Link, LinkedEvent } from './verify.ts'

export function printLink(link: Link): string {
  const { number, sealedAt, firstPosition, lastPosition, previousHash, eventsHash, hash, events } = link
  const batch = {
    number,
    sealedAt: new Date(sealedAt).toISOString(),
    firstPosition,
    lastPosition,
    previousHash: previousHash.toString('hex'),
    eventsHash: eventsHash.toString('hex'),
    hash: hash.toString('hex'),
    hashes: events.map(one => one.hash.toString('hex')),
    /** Of those whose text was pruned. */
    absent: events.flatMap(({ position, text }) => (text === null ? [position] : [])),
  }
  const texts = events.flatMap(({ text }) => (text === null ? [] : [`${text}\n`]))
  return `${JSON.stringify({ batch })}\n${texts.join('')}`
}

export function printSigned({ statement, signature, publicKey }: SignedCheckpoint): string {
  return `${JSON.stringify({ checkpoint: { statement, signature, publicKey } })}\n`
}

/** By line feeds alone: what else may end a line elsewhere (U+2028) stands unescaped in texts that people wrote. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines.map(withoutReturn)
  }
  if (rest !== '') yield withoutReturn(rest)
}

/** A copy may have been given other line ends. */
function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line
}

export interface TrailFile {
  readonly links: AsyncIterable<Link>
  /** Filled while the links are read. */
  readonly checkpoints: readonly SignedCheckpoint[]
}

/** Throws on lines that are none of these. @param lines without their ends */
export function readTrail(lines: AsyncIterable<string>): TrailFile {
  const checkpoints: SignedCheckpoint[] = []
  async function* links(): AsyncGenerator<Link> {
    let head: BatchLine | undefined
    let texts: string[] = []
    let number = 0
    for await (const line of lines) {
      number += 1
      if (line === '') continue
      if (line.startsWith('{"batch":')) {
        if (head) yield linkOf(head, texts)
        head = readLine(batchLine, line, number).batch
        texts = []
      } else if (line.startsWith('{"checkpoint":')) {
        checkpoints.push(
          readCheckpoint(JSON.stringify(readLine(checkpointLine, line, number).checkpoint), `line ${number}`),
        )
      } else if (head) {
        texts.push(line)
      } else {
        throw new Error(`line ${number} stands before any batch: this is no audit trail, or its beginning is cut off`)
      }
    }
    if (head) yield linkOf(head, texts)
  }
  return { links: links(), checkpoints }
}

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const position = z.number().int().positive()
const batchLine = z.object({
  batch: z.object({
    number: position,
    sealedAt: z.iso.datetime(),
    firstPosition: position,
    lastPosition: position,
    previousHash: hash,
    eventsHash: hash,
    hash,
    hashes: z.array(hash),
    absent: z.array(position),
  }),
})
type BatchLine = z.output<typeof batchLine>['batch']
const checkpointLine = z.object({ checkpoint: z.unknown() })

function linkOf(head: BatchLine, texts: readonly string[]): Link {
  const absent = new Set(head.absent)
  let at = 0
  let lost = head.hashes.length - absent.size - texts.length
  const events = head.hashes.map((hash, index): LinkedEvent => {
    const position = head.firstPosition + index
    const of = { position, hash: Buffer.from(hash, 'hex') }
    if (absent.has(position)) return { ...of, text: null }
    // Where lines are lost, the one that comes next may be that of a later event: then this one's is not there.
    if (lost > 0 && isLater(texts[at], head.hashes, index)) {
      lost -= 1
      return { ...of, text: null }
    }
    return { ...of, text: texts[at++] ?? null }
  })
  return {
    number: head.number,
    sealedAt: Date.parse(head.sealedAt),
    firstPosition: head.firstPosition,
    lastPosition: head.lastPosition,
    previousHash: Buffer.from(head.previousHash, 'hex'),
    eventsHash: Buffer.from(head.eventsHash, 'hex'),
    hash: Buffer.from(head.hash, 'hex'),
    events,
    ...(texts.length > at && { surplus: texts.length - at }),
  }
}

function isLater(text: string | undefined, hashes: readonly string[], index: number): boolean {
  return text !== undefined && hashes.indexOf(hashOfEvent(text).toString('hex'), index) > index
}

function readLine<S extends z.ZodType>(form: S, line: string, number: number): z.output<S> {
  try {
    return form.parse(JSON.parse(line))
  } catch (cause) {
    throw new Error(`line ${number} cannot be read: it was changed, or cut off`, { cause })
  }
}
