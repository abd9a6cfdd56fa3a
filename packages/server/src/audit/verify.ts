/**
 * Checks a chain from its first link to its last and names the first break. Pure: links come in as they are read, from
 * a database or from files, and nothing of what they claim is believed.
 *
 * What a chain alone cannot show is that it was rewritten as a whole, or cut off at its end: checkpoints kept elsewhere
 * do, and the report says what lies after the last of them.
 */
import { type Batch, hashOfBatch, hashOfEvent, hashOfEvents, nothingBefore } from './chain.ts'
import type { SignedCheckpoint } from './statement.ts'
import { type Pruned, tellsOfTrail } from './tells-of-trail.ts'
import { checkpointsOf, judgeCheckpoints, type KeyOfChain } from './verify-checkpoints.ts'

export interface LinkedEvent {
  readonly position: number
  /** What its seal says. */
  readonly hash: Buffer
  /** null: it is not there any more. */
  readonly text: string | null
  /** Whether what it is found by is as the text says; undefined where there is no such thing. */
  readonly isIndexed?: boolean
}

export interface Link extends Batch {
  readonly hash: Buffer
  /** In order; one that is not there at all is missing. */
  readonly events: readonly LinkedEvent[]
  /** Texts that no seal is for, where a file holds such. */
  readonly surplus?: number
}

export type BreakKind =
  | 'event-edited'
  | 'event-removed'
  | 'event-inserted'
  | 'event-reordered'
  | 'entry-edited'
  | 'seal-removed'
  | 'seal-edited'
  | 'batch-removed'
  | 'batch-edited'
  | 'checkpoint-mismatch'
  | 'checkpoint-removed'
  | 'signature-wrong'
  | 'key-unknown'

export interface Break {
  readonly kind: BreakKind
  readonly batch?: number
  /** Place in the chain; 0 where it has none. */
  readonly position: number
  readonly message: string
}

export interface Report {
  /** Of all that was found, what comes first in the chain. */
  readonly firstBreak?: Break
  readonly batches: number
  readonly events: number
  /** Of them, those whose text is there. */
  readonly texts: number
  /** Position of the first and the last event; 0: there is none. */
  readonly from: number
  readonly to: number
  /** Events up to here are gone by an order that the chain holds; their hashes are still there. */
  readonly prunedThrough: number
  /** The last checkpoint from elsewhere that the chain fits. */
  readonly covered?: { readonly position: number; readonly at: number }
  /** Events after it, or all of them: for these the chain is its own only witness. */
  readonly uncovered: number
  /** Checkpoints of times that the links do not reach. */
  readonly beyond: number
  /** Whether signatures were held against a key that whoever verifies brought along. */
  readonly isKeyPinned: boolean
}

export interface Given {
  /** From the database itself. */
  readonly inside: readonly SignedCheckpoint[]
  /** From elsewhere. */
  readonly outside: readonly SignedCheckpoint[]
  /** A public key (DER, base64) that is known from elsewhere. */
  readonly pinned?: string
  /** Whether the links may be a part of the chain: a file begins later perhaps, or ends earlier. */
  readonly isPart?: true
}

export async function verifyChain(links: AsyncIterable<Link>, given: Given): Promise<Report> {
  const breaks = firstOf()
  const missing: Run[] = []
  const pruned: Pruned[] = []
  const keys: KeyOfChain[] = []
  const wanted = checkpointsOf(given)
  const found = new Map<number, { readonly hash: Buffer; readonly position: number }>()
  let before: Link | undefined
  let [batches, events, texts, from] = [0, 0, 0, 0]

  for await (const link of links) {
    from ||= link.firstPosition
    checkLink(link, before ?? (given.isPart ? undefined : beforeAll), breaks.found)
    checkEvents(link, breaks.found, missing)
    for (const { position, text } of link.events) {
      if (text === null) continue
      texts += 1
      const told = tellsOfTrail(text)
      if (told?.key) keys.push({ ...told.key, position })
      if (told?.pruned) pruned.push(told.pruned)
    }
    if (wanted.batches.has(link.number))
      found.set(link.number, { hash: hashOfBatch(link), position: link.lastPosition })
    batches += 1
    events += link.events.length
    before = link
  }
  const to = before?.lastPosition ?? 0
  judgeMissing(missing, pruned, { from, to }, breaks.found)
  const judged = judgeCheckpoints(wanted, { keys, found, last: before?.number ?? 0, first: from, to }, breaks.found)
  const firstBreak = breaks.first()
  const covered = judged.covered
  return {
    ...(firstBreak && { firstBreak }),
    batches,
    events,
    texts,
    from,
    to,
    prunedThrough: Math.min(Math.max(0, ...pruned.map(({ through }) => through)), to),
    ...(covered && { covered }),
    beyond: judged.beyond,
    uncovered: from === 0 ? 0 : to - Math.max(covered?.position ?? 0, from - 1),
    isKeyPinned: given.pinned !== undefined,
  }
}

export type Found = (it: Break) => void

function firstOf() {
  let first: Break | undefined
  return {
    found: (it: Break) => {
      if (first === undefined || it.position < first.position) first = it
    },
    first: () => first,
  }
}

/** What the first batch of a whole chain follows. */
const beforeAll = { number: 0, lastPosition: 0, hash: nothingBefore }

function checkLink(link: Link, before: Pick<Link, 'number' | 'lastPosition' | 'hash'> | undefined, found: Found): void {
  const { number, firstPosition: position } = link
  const at = { batch: number, position }
  const [wantedNumber, wantedPosition] = before ? [before.number + 1, before.lastPosition + 1] : [number, position]
  if (number !== wantedNumber) {
    found({ ...at, position: wantedPosition, kind: 'batch-removed', message: `batch ${wantedNumber} is missing` })
  } else if (position !== wantedPosition || link.lastPosition < position) {
    found({ ...at, kind: 'batch-edited', message: `batch ${number} does not begin where the one before it ends` })
  } else if (before && !link.previousHash.equals(before.hash)) {
    found({ ...at, kind: 'batch-edited', message: `batch ${number} does not follow the batch before it` })
  }
  if (!hashOfBatch(link).equals(link.hash)) {
    found({ ...at, kind: 'batch-edited', message: `batch ${number} was edited: its hash is another` })
  }
}

/** Positions in a row whose texts are not there. */
interface Run {
  readonly from: number
  readonly to: number
}

function checkEvents(link: Link, found: Found, missing: Run[]): void {
  const { number: batch, firstPosition, lastPosition, events } = link
  let wanted = firstPosition
  let known: ReadonlySet<string> | undefined
  let isOff = false
  for (const { position, hash, text, isIndexed } of events) {
    if (position !== wanted) {
      const message = `the seal of event ${wanted} in batch ${batch} is missing`
      found({ batch, position: wanted, kind: 'seal-removed', message })
      return
    }
    wanted += 1
    if (text === null) {
      remember(missing, position)
      continue
    }
    const is = hashOfEvent(text)
    if (!is.equals(hash)) {
      isOff = true
      known ??= new Set(events.map(one => one.hash.toString('hex')))
      const isElsewhere = known.has(is.toString('hex'))
      const message = isElsewhere
        ? `event ${position} in batch ${batch} stands where another did: events were reordered, or one put in the place of another`
        : `event ${position} in batch ${batch} was edited: its text does not fit its hash`
      found({ batch, position, kind: isElsewhere ? 'event-reordered' : 'event-edited', message })
    } else if (isIndexed === false) {
      const message = `event ${position} in batch ${batch} is whole, but what it is found by was edited or removed`
      found({ batch, position, kind: 'entry-edited', message })
    }
  }
  if (wanted !== lastPosition + 1) {
    const message = `the seal of event ${wanted} in batch ${batch} is missing`
    found({ batch, position: wanted, kind: 'seal-removed', message })
    return
  }
  if (!isOff && link.surplus !== undefined) {
    const message = `batch ${batch} is followed by more events than it sealed: ${link.surplus} were inserted`
    found({ batch, position: lastPosition + 1, kind: 'event-inserted', message })
  }
  // Where an event tells already, nothing is added by naming its whole batch.
  if (!isOff && !hashOfEvents(events.map(({ hash }) => hash)).equals(link.eventsHash)) {
    const message = `the seals of events ${firstPosition} to ${lastPosition} were edited or reordered: they do not fit batch ${batch}`
    found({ batch, position: firstPosition, kind: 'seal-edited', message })
  }
}

function remember(missing: Run[], position: number): void {
  const last = missing.at(-1)
  if (last?.to === position - 1) missing[missing.length - 1] = { ...last, to: position }
  else missing.push({ from: position, to: position })
}

/** Only what was pruned by order may be missing, and only so much of it: what the trail says of itself stays. */
function judgeMissing(missing: readonly Run[], pruned: readonly Pruned[], part: Run, found: Found): void {
  const inOrder = pruned.toSorted((a, b) => a.from - b.from)
  for (const run of missing) {
    const position = firstUnpruned(run, inOrder)
    if (position === undefined) continue
    const which = position === run.to ? `event ${position} was` : `events ${position} to ${run.to} were`
    found({ position, kind: 'event-removed', message: `${which} removed: the hash is there, the text is not` })
    break
  }
  for (const { from, through, events } of inOrder) {
    if (from < part.from || through > part.to) continue
    const gone = missing.reduce(
      (sum, run) => sum + Math.max(0, Math.min(run.to, through) - Math.max(run.from, from) + 1),
      0,
    )
    if (gone <= events) continue
    const message = `of events ${from} to ${through} ${events} were pruned by order, and ${gone} are gone: ${gone - events} were removed`
    found({ position: from, kind: 'event-removed', message })
  }
}

function firstUnpruned({ from, to }: Run, pruned: readonly Pruned[]): number | undefined {
  let position = from
  for (const range of pruned) if (range.from <= position && position <= range.through) position = range.through + 1
  return position <= to ? position : undefined
}
