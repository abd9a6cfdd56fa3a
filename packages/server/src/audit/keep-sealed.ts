/**
 * Keeps the audit trail sealed and signed while the server runs: what happened is in the chain within a second, a
 * checkpoint is made every day and at the end, and each is in the folder outside the database.
 *
 * Every node looks; the one that has the lock seals. What fails is tried again at the next turn, and told.
 */

import { act, system } from '../db/act.ts'
import { listCheckpoints } from '../db/audit-checkpoint.ts'
import { isWaiting, sealAll, sealBatch } from '../db/audit-seal.ts'
import { every, type Recurring } from '../every.ts'
import { notify } from '../notify/notify.ts'
import type { World } from '../world.ts'
import { ensureSigningKey, makeCheckpoint } from './checkpoint.ts'
import { writeOutside } from './outside.ts'

type Seals = Pick<World, 'db' | 'vault' | 'log'>

export interface KeepSealedOptions {
  /** Where checkpoints are written to; undefined: nowhere but in the database. */
  readonly folder: string | undefined
  /** Of the last checkpoint, when another is due. */
  readonly checkpointMs: number
}

/** `stop` seals what there is, signs it and writes it out. */
export function keepSealed(world: Seals, options: KeepSealedOptions): Recurring {
  let nextSigningAt = 0
  async function look(): Promise<void> {
    if (await isWaiting(world.db)) while (await sealBatch(world.db, { wait: false }));
    if (performance.now() < nextSigningAt) return
    await signAndWrite(world, options, options.checkpointMs)
    nextSigningAt = performance.now() + signingTurnMs
  }
  const sealing = every({
    everyMs: sealingTurnMs,
    look,
    onFailure: err => world.log.error({ err }, 'the audit trail could not be sealed'),
  })
  return {
    async stop() {
      await sealing.stop()
      try {
        await sealAll(world.db)
        await signAndWrite(world, options, 0)
      } catch (error) {
        world.log.error({ err: error }, 'the audit trail could not be sealed at the end')
      }
    },
  }
}

/** Half of what a batch may be late. */
const sealingTurnMs = 500
const signingTurnMs = 60_000

async function signAndWrite(world: Seals, { folder }: KeepSealedOptions, olderThanMs: number): Promise<void> {
  await ensureSigningKey(world)
  await sealAll(world.db)
  await makeCheckpoint(world, olderThanMs)
  if (folder === undefined) return
  try {
    for (const checkpoint of await listCheckpoints(world.db.kysely, mostWrittenLate)) {
      await writeOutside(folder, checkpoint)
    }
  } catch (error) {
    world.log.error({ err: error, folder }, 'a checkpoint of the audit trail could not be written outside the database')
    await tellFailure(world, 'checkpoints of the audit trail cannot be written outside the database: see the log')
  }
}

/** After a time without its folder, a node writes so many that others made or that it could not write. */
const mostWrittenLate = 10

/** Once a day for each problem. */
export async function tellFailure({ db }: Pick<Seals, 'db'>, problem: string): Promise<void> {
  await act(db, system, async doing => {
    await notify(doing, {
      kind: 'audit.failed',
      to: { permission: 'AUDIT' },
      about: { type: 'audit', id: 'audit' },
      facts: { problem },
      once: `${new Date(doing.now).toISOString().slice(0, 10)} ${problem}`,
    })
  })
}
