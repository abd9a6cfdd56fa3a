/** Holds checkpoints against a chain: whether they are signed by a key that the chain names, and say what it holds. Pure. */
import { type Checkpoint, fits, printSuccession, readStatement, type SignedCheckpoint } from './statement.ts'
import type { Found, Given } from './verify.ts'

/** As an event of the chain tells of it. */
export interface KeyOfChain {
  readonly id: number
  readonly publicKey: string
  /** The key before, and its signature over this one; absent with the first. */
  readonly follows?: { readonly publicKey: string; readonly signature: string }
  readonly position: number
}

export interface Wanted {
  /** Whose hashes are needed. */
  readonly batches: ReadonlySet<number>
  readonly inside: readonly Read[]
  readonly outside: readonly Read[]
  readonly pinned: string | undefined
  readonly isPart: boolean
}

interface Read {
  readonly signed: SignedCheckpoint
  /** Undefined: it cannot be read. */
  readonly says: Checkpoint | undefined
}

export function checkpointsOf({ inside, outside, pinned, isPart }: Given): Wanted {
  const read = (signed: SignedCheckpoint): Read => ({ signed, says: readStatement(signed.statement) })
  const all = { inside: inside.map(read), outside: outside.map(read) }
  const batches = [...all.inside, ...all.outside].flatMap(({ says }) => (says ? [says.batch] : []))
  return { ...all, batches: new Set(batches), pinned, isPart: isPart === true }
}

interface Chain {
  readonly keys: readonly KeyOfChain[]
  readonly found: ReadonlyMap<number, { readonly hash: Buffer; readonly position: number }>
  /** Number of the last batch. */
  readonly last: number
  /** First position. */
  readonly first: number
  readonly to: number
}

export interface Judged {
  /** The last one from elsewhere that the chain fits. */
  readonly covered?: { readonly position: number; readonly at: number }
  readonly beyond: number
}

export function judgeCheckpoints(wanted: Wanted, chain: Chain, found: Found): Judged {
  const keys = trustedKeys(wanted, chain, found)
  const isBeyond = ({ says }: Read) => wanted.isPart && says !== undefined && says.batch > chain.last
  const within = (all: readonly Read[]) => all.filter(one => !isBeyond(one))
  for (const one of within(wanted.inside)) judge(one, chain, keys, 'the database', found)
  let covered: Judged['covered']
  for (const one of within(wanted.outside)) {
    const says = judge(one, chain, keys, 'elsewhere', found)
    if (says && says.position > (covered?.position ?? 0)) covered = { position: says.position, at: says.at }
  }
  const beyond = [...wanted.inside, ...wanted.outside].filter(isBeyond).length
  return { ...(covered && { covered }), beyond }
}

/** Those that the chain names, each signed by the one before it; the pinned one must be among them. */
function trustedKeys({ pinned }: Wanted, { keys, first }: Chain, found: Found): ReadonlySet<string> | undefined {
  // A part of a chain need not hold the event that named its key.
  if (keys.length === 0) return pinned === undefined ? undefined : new Set([pinned])
  const trusted = new Set<string>()
  for (const { publicKey, follows, position } of keys) {
    const signature = follows && Buffer.from(follows.signature, 'base64')
    if (follows && signature && !fits(follows.publicKey, printSuccession(publicKey), signature)) {
      found({
        kind: 'signature-wrong',
        position,
        message: `event ${position} names a key that the one before did not sign`,
      })
      continue
    }
    if (follows && trusted.size > 0 && !trusted.has(follows.publicKey)) {
      found({ kind: 'key-unknown', position, message: `event ${position} names a key that follows an unknown one` })
      continue
    }
    if (!follows && trusted.size > 0) {
      found({ kind: 'key-unknown', position, message: `event ${position} begins anew with a key that follows none` })
      continue
    }
    if (follows && trusted.size === 0) trusted.add(follows.publicKey)
    trusted.add(publicKey)
  }
  if (pinned !== undefined && !trusted.has(pinned)) {
    found({ kind: 'key-unknown', position: first, message: 'the chain does not name the public key that was given' })
    return new Set([pinned])
  }
  return trusted
}

/** What it says, if all of it is so. */
function judge(
  { signed, says }: Read,
  chain: Chain,
  keys: ReadonlySet<string> | undefined,
  where: string,
  found: Found,
): Checkpoint | undefined {
  if (!says) {
    found({ kind: 'signature-wrong', position: chain.first, message: `a checkpoint from ${where} cannot be read` })
    return undefined
  }
  const { batch, position, at } = says
  const which = `the checkpoint of ${new Date(at).toISOString()} from ${where}`
  const tell = (kind: 'signature-wrong' | 'key-unknown' | 'checkpoint-mismatch', message: string) =>
    void found({ kind, batch, position, message })
  if (!fits(signed.publicKey, signed.statement, Buffer.from(signed.signature, 'base64'))) {
    return void tell('signature-wrong', `${which} was changed: its signature is wrong`)
  }
  const is = chain.found.get(batch)
  // Of a part of the chain, what lies before it cannot be told.
  if (!is && batch <= chain.last) return undefined
  if (!is) {
    found({
      kind: 'checkpoint-mismatch',
      batch,
      position: chain.to + 1,
      message: `${which} is of batch ${batch}, but the chain ends with batch ${chain.last}: its end was cut off`,
    })
    return undefined
  }
  if (keys && !keys.has(signed.publicKey)) {
    return void tell('key-unknown', `${which} is signed by a key that the chain does not name`)
  }
  if (!is.hash.equals(says.hash) || is.position !== position) {
    return void tell(
      'checkpoint-mismatch',
      `${which} is of another chain: batch ${batch} was rewritten, or one before it`,
    )
  }
  return says
}
