import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'kysely'
import pg from 'pg'
import { hashOfBatch, hashOfEvent, hashOfEvents, nothingBefore } from '../src/audit/chain.ts'
import { ensureSigningKey, makeCheckpoint, rewrapSigningKeys, rotateSigningKey } from '../src/audit/checkpoint.ts'
import {
  newSigningKey,
  printStatement,
  readStatement,
  type SignedCheckpoint,
  signText,
} from '../src/audit/statement.ts'
import { type Link, verifyChain } from '../src/audit/verify.ts'
import { verifyIn } from '../src/audit/verify-database.ts'
import { act, system, type Tx } from '../src/db/act.ts'
import { pruneAudit } from '../src/db/audit-prune.ts'
import { sealAll, sealBatch } from '../src/db/audit-seal.ts'
import type { Db } from '../src/db/open.ts'
import { createVault } from '../src/secrets.ts'
import { type TestDatabase, testDatabase } from './support/database.ts'

const vault = createVault([Buffer.alloc(32, 7)])
let database: TestDatabase
let outside: readonly SignedCheckpoint[]
before(async () => {
  database = await testDatabase()
  const { db } = database
  await happen(db, 'first')
  await sealAll(db)
  await ensureSigningKey({ db, vault })
  await happen(db, 'second')
  await sealAll(db)
  const made = await makeCheckpoint({ db, vault }, 0)
  await rotateSigningKey({ db, vault }, system)
  await happen(db, 'third')
  await sealAll(db)
  const again = await makeCheckpoint({ db, vault }, 0)
  outside = [made, again].filter(one => one !== undefined)
  await happen(db, 'fourth')
  await sealAll(db)
})
after(() => database.close())

/** Ten events. */
function happen(db: Db, name: string) {
  return act(db, system, async ({ audit }) => {
    for (let at = 0; at < 10; at++) {
      const targets = [{ type: 'TAG', id: `${name}-${at}` }]
      audit({ action: 'CREATE', targetType: 'TAG', targets, payload: { type: 'TagCreated', after: { at } } })
    }
  })
}

class Undone extends Error {}

/** What verification finds after somebody with every right has been there; all of it is undone. */
async function afterwards(tamper: (tx: Tx) => Promise<unknown>, given = { outside }) {
  let report: Awaited<ReturnType<typeof verifyIn>> | undefined
  const undone = database.db.transaction(async tx => {
    await sql`set local session_replication_role = replica`.execute(tx)
    await tamper(tx)
    report = await verifyIn(tx, given)
    throw new Undone()
  })
  await assert.rejects(undone, Undone)
  assert.ok(report)
  return report
}

const nothing = async () => {}

test('an untouched chain is whole, and what lies after the last outside checkpoint is said', async () => {
  const { firstBreak, to, covered, uncovered, batches } = await afterwards(nothing)
  assert.equal(firstBreak, undefined)
  assert.deepEqual([to, batches, covered?.position, uncovered], [42, 4, 32, 10])
  const without = await afterwards(nothing, { outside: [] })
  assert.deepEqual([without.firstBreak, without.covered, without.uncovered], [undefined, undefined, 42])
})

const run = (text: string) => (tx: Tx) => sql.raw(text).execute(tx)
const swap = (table: string, key: string, column: string, a: number, b: number) => `
  update ${table} one set ${column} = other.${column} from ${table} other
  where (one.${key}, other.${key}) in ((${a}, ${b}), (${b}, ${a}))`
const insertEvent = `insert into audit_event (id, event_timestamp, action, target_type, event)
  select gen_random_uuid(), event_timestamp, action, target_type, event from audit_event where sequence = 5
  returning sequence`

const tampered: readonly (readonly [string, string, string, number])[] = [
  [
    'an edited event',
    "update audit_event set event = replace(event, 'TagCreated', 'TagDeleted') where sequence = 5",
    'event-edited',
    5,
  ],
  [
    'an event whose columns were edited',
    "update audit_entry set actor = 'somebody' where position = 5",
    'entry-edited',
    5,
  ],
  [
    'an event about the trail, cut off',
    'update audit_event set event = left(event, 60) || \'"AUDIT_TRAIL"\' where sequence = 11',
    'event-edited',
    11,
  ],
  [
    'an event about the trail without what it says',
    `update audit_event set event = replace(event, '"after"', '"behind"') where sequence = 11`,
    'event-edited',
    11,
  ],
  ['an event that cannot be found any more', 'delete from audit_entry where position = 5', 'entry-edited', 5],
  ['a removed event', 'delete from audit_event where sequence = 5', 'event-removed', 5],
  ['the first event removed', 'delete from audit_event where sequence = 1', 'event-removed', 1],
  ['the last event removed', 'delete from audit_event where sequence = 42', 'event-removed', 42],
  [
    'a removed event with its seal',
    'delete from audit_event where sequence = 5; delete from audit_seal where position = 5; delete from audit_entry where position = 5',
    'seal-removed',
    5,
  ],
  ['two events in the place of each other', swap('audit_event', 'sequence', 'event', 5, 7), 'event-reordered', 5],
  ['two seals in the place of each other', swap('audit_seal', 'position', 'hash', 5, 7), 'event-reordered', 5],
  [
    'an edited event with its seal',
    "update audit_event set event = replace(event, 'TagCreated', 'TagDeleted') where sequence = 5; update audit_seal set hash = (select sha256(convert_to(event, 'UTF8')) from audit_event where sequence = 5) where position = 5; update audit_entry set type = 'TagDeleted' where position = 5",
    'seal-edited',
    1,
  ],
  ['an inserted event', insertEvent, 'event-inserted', 43],
  [
    'an event inserted among the seals',
    `with told as (${insertEvent}) insert into audit_seal select 43, sequence, 'x' from told`,
    'event-inserted',
    43,
  ],
  [
    'a batch whose time was edited',
    "update audit_batch set sealed_at = sealed_at - interval '1 day' where number = 2",
    'batch-edited',
    11,
  ],
  ['a removed batch', 'delete from audit_batch where number = 2', 'batch-removed', 11],
  ['the first batch removed', 'delete from audit_batch where number = 1', 'batch-removed', 1],
  [
    'an edited checkpoint',
    "update audit_checkpoint set statement = replace(statement, 'batch 2', 'batch 1') where id = 1",
    'signature-wrong',
    21,
  ],
  [
    'a checkpoint stored as another than it says',
    'update audit_checkpoint set last_position = 30, batch_number = 3 where id = 1',
    'checkpoint-mismatch',
    30,
  ],
  ['a removed checkpoint', 'delete from audit_checkpoint where id = 1', 'checkpoint-removed', 21],
  ['a key in the place of another', "update audit_key set public_key = 'x' where id = 1", 'signature-wrong', 21],
  ['a removed key', 'delete from audit_key where id = 1', 'signature-wrong', 21],
  [
    'an end that was cut off',
    'delete from audit_batch where number > 2; delete from audit_seal where position > 21; delete from audit_entry where position > 21; delete from audit_event where sequence > 21; delete from audit_checkpoint where batch_number > 2',
    'checkpoint-mismatch',
    22,
  ],
  [
    'all of it removed',
    'delete from audit_batch; delete from audit_seal; delete from audit_entry; delete from audit_event; delete from audit_checkpoint',
    'checkpoint-mismatch',
    1,
  ],
]
for (const [what, text, kind, position] of tampered) {
  test(`${what} is the first break`, async () => {
    const { firstBreak } = await afterwards(run(text))
    assert.deepEqual([firstBreak?.kind, firstBreak?.position], [kind, position], firstBreak?.message)
  })
}

test('a chain rewritten as a whole, with a key of its own, fits itself; checkpoints from elsewhere tell', async () => {
  const rewrite = async (tx: Tx) => {
    const here = {
      ...database.db,
      transaction: (work: (tx: Tx) => Promise<unknown>) => work(tx),
      kysely: tx,
    } as unknown as Db
    await run(`delete from audit_batch; delete from audit_seal; delete from audit_entry; delete from audit_checkpoint;
      delete from audit_key_secret; delete from audit_key; delete from audit_event where target_type = 'AUDIT_TRAIL';
      update audit_event set event = replace(event, 'first-3', 'first-4') where sequence = 4;
      insert into audit_unsealed select sequence from audit_event`)(tx)
    await ensureSigningKey({ db: here, vault })
    await sealBatch(here, { wait: true })
    await makeCheckpoint({ db: here, vault }, 0)
  }
  const alone = await afterwards(rewrite, { outside: [] })
  assert.deepEqual([alone.firstBreak, alone.uncovered], [undefined, 41])
  const held = await afterwards(rewrite)
  assert.equal(held.firstBreak?.kind, 'checkpoint-mismatch')
})

test('a checkpoint from elsewhere that was made up, or signed anew, is refused', async () => {
  const [first] = outside
  const says = first && readStatement(first.statement)
  assert.ok(first && says)
  const forged = printStatement({ ...says, hash: nothingBefore })
  const changed = await afterwards(nothing, { outside: [{ ...first, statement: forged }] })
  assert.equal(changed.firstBreak?.kind, 'signature-wrong')
  const other = newSigningKey()
  const signature = signText(other.privateKey, first.statement).toString('base64')
  const resigned = await afterwards(nothing, { outside: [{ ...first, publicKey: other.publicKey, signature }] })
  assert.equal(resigned.firstBreak?.kind, 'key-unknown')
})

test('what was pruned by order is said, and breaks nothing; more than that does', async () => {
  const own = await testDatabase()
  try {
    const { db } = own
    await ensureSigningKey({ db, vault })
    await happen(db, 'old')
    await rotateSigningKey({ db, vault }, system)
    await happen(db, 'old too')
    await sealAll(db)
    await db.transaction(async tx => {
      await sql`set local session_replication_role = replica`.execute(tx)
      await sql`update audit_entry set at = at - interval '40 days' where target_type = 'TAG'`.execute(tx)
    })
    assert.equal(await pruneAudit(db, 30), 0, 'not before a checkpoint has signed it')
    await makeCheckpoint({ db, vault }, 0)
    await happen(db, 'new')
    await sealAll(db)
    await makeCheckpoint({ db, vault }, 0)
    const pruned = await Promise.all([pruneAudit(db, 30), pruneAudit(db, 30)])
    assert.equal(pruned[0] + pruned[1], 20, 'what two nodes prune at once goes once')
    assert.equal(await pruneAudit(db, 30), 0)
    await sealAll(db)
    const { firstBreak, prunedThrough, to, events } = await db.snapshot(tx => verifyIn(tx, { outside: [] }))
    assert.deepEqual([firstBreak, prunedThrough, to, events], [undefined, 22, 34, 34])
    for (const removed of [24, 12, 1]) {
      const undone = db.transaction(async tx => {
        await sql`set local session_replication_role = replica`.execute(tx)
        await run(
          `delete from audit_entry where position = ${removed}; delete from audit_event where sequence = ${removed}`,
        )(tx)
        const more = (await verifyIn(tx, { outside: [] })).firstBreak
        assert.deepEqual([more?.kind, more?.position], ['event-removed', removed])
        throw new Undone()
      })
      await assert.rejects(undone, Undone)
    }
  } finally {
    await own.close()
  }
})

test('what the trail says of itself is missed among what was pruned: fewer were to go', async () => {
  const link = (events: number): Link => {
    const told = { targetType: 'AUDIT_TRAIL', targets: [{ type: 'AUDIT_TRAIL' }] }
    const text = JSON.stringify({ ...told, auditPayload: { type: 'AuditPruned', from: 1, through: 2, events } })
    const hashes = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), hashOfEvent(text)]
    const batch = {
      ...{ number: 1, sealedAt: 0, firstPosition: 1, lastPosition: 3 },
      ...{ previousHash: nothingBefore, eventsHash: hashOfEvents(hashes) },
    }
    const sealed = hashes.map((hash, at) => ({ position: at + 1, hash, text: at === 2 ? text : null }))
    return { ...batch, hash: hashOfBatch(batch), events: sealed }
  }
  async function* only(events: number) {
    yield link(events)
  }
  const given = { inside: [], outside: [] }
  assert.equal((await verifyChain(only(2), given)).firstBreak, undefined)
  const { firstBreak } = await verifyChain(only(1), given)
  assert.deepEqual([firstBreak?.kind, firstBreak?.position], ['event-removed', 1], firstBreak?.message)
})

test('nobody changes the trail by mistake: a trigger refuses, the owner too', async () => {
  const columns = {
    audit_event: 'action',
    audit_seal: 'position',
    audit_entry: 'actor',
    audit_batch: 'hash',
    audit_key: 'public_key',
    audit_checkpoint: 'statement',
  }
  for (const [table, column] of Object.entries(columns)) {
    for (const text of [`delete from ${table}`, `truncate ${table}`, `update ${table} set ${column} = ${column}`]) {
      await assert.rejects(sql.raw(text).execute(database.db.kysely), /append-only/, text)
    }
  }
})

test('what commits late is sealed once it has, whatever its sequence; what is undone leaves no gap', async () => {
  const own = await testDatabase()
  const late = new pg.Client({ connectionString: own.url })
  try {
    await late.connect()
    await happen(own.db, 'first')
    await sealAll(own.db)
    await late.query('begin')
    await late.query(`with told as (insert into audit_event (id, event_timestamp, action, target_type, event)
      select gen_random_uuid(), now(), 'CREATE', 'TAG', event from audit_event order by sequence limit 1 returning sequence)
      insert into audit_unsealed select sequence from told`)
    const undone = act(own.db, system, async ({ tx }) => {
      await sql`select nextval(pg_get_serial_sequence('audit_event', 'sequence'))`.execute(tx)
      throw new Undone()
    })
    await assert.rejects(undone, Undone)
    await happen(own.db, 'second')
    await sealAll(own.db)
    await late.query('commit')
    await sealAll(own.db)
    const { rows } = await sql<{ sequence: number }>`select sequence from audit_seal order by position`.execute(
      own.db.kysely,
    )
    const sequences = rows.map(({ sequence }) => sequence)
    assert.equal(sequences.length, 21)
    assert.equal(sequences.at(-1), 11, 'it comes last, below those that were sealed before it')
  } finally {
    await late.end()
    await own.close()
  }
})

test('many act and several nodes seal at once: one chain, each event once', async () => {
  const own = await testDatabase()
  try {
    const { db } = own
    const sealing = Array.from({ length: 3 }, async (_, node) => {
      for (let turn = 0; turn < 10; turn++) await sealBatch(db, { wait: node === 0 })
    })
    await Promise.all([...sealing, ...Array.from({ length: 8 }, (_, at) => happen(db, `of ${at}`))])
    await sealAll(db)
    const { firstBreak, to, waiting } = await db.snapshot(tx => verifyIn(tx, { outside: [] }))
    assert.deepEqual([firstBreak, to, waiting], [undefined, 80, 0])
  } finally {
    await own.close()
  }
})

test('the signing key goes over to a new encryption key, and the old one opens it no more', async () => {
  const { db } = database
  const newer = createVault([Buffer.alloc(32, 8), Buffer.alloc(32, 7)])
  const failed: number[] = []
  assert.equal(await rewrapSigningKeys({ db, vault: newer }, key => failed.push(key)), 2)
  assert.deepEqual(failed, [])
  const only = createVault([Buffer.alloc(32, 8)])
  await happen(db, 'later')
  await sealAll(db)
  assert.ok(await makeCheckpoint({ db, vault: only }, 0))
  await assert.rejects(rotateSigningKey({ db, vault }, system), /not configured/)
  await rotateSigningKey({ db, vault: only }, system)
})
