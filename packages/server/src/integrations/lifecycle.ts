/**
 * The life of an integration, and who carries on what was begun:
 *
 *   creating → enabled | createError          createError → creating (created again)
 *   any but creating, deleted, disabled:
 *     → editing → enabled | editError         (what failed is rolled back)
 *     → deleting → deleted | deleteError
 *     → disabled                              (forced: nothing is called any more)
 *   enabled ⇄ recurringValidationError        (see recurring-validation.ts)
 *
 * What a call decides is committed before AWS is changed, and the rest happens in the background from the stored state
 * alone: `resumeIntegrations` takes up after a crash what was begun. On all nodes together, one thing at a time is done
 * to an integration.
 */
import type { Pause } from '../background.ts'
import { unfinishedIntegrations } from '../db/integration.ts'
import { withIntegrationLock } from '../db/integration-lock.ts'
import type { World } from '../world.ts'
import { finishDeleting } from './delete-location.ts'
import { finishEditing } from './finish-edit.ts'
import type { AtLifeBoundary } from './life-boundary.ts'
import { registerLocation } from './register-location.ts'

const nowhere: AtLifeBoundary = () => {}

/**
 * Does what the stored status calls for, if anything, and does not wait. To be called after a call has decided, and
 * whenever an integration that is `deleting` may have lost the last of its grants.
 */
export function carryOn(world: World, id: number, atBoundary = nowhere): void {
  inBackground(world, id, async pause => {
    // Each looks at the status itself, and does nothing in another.
    await registerLocation(world, id, pause, atBoundary)
    await finishEditing(world, id, pause, atBoundary)
    await finishDeleting(world, id, pause, atBoundary)
  })
}

/**
 * At start: takes up every creation, edit and deletion that was begun and not ended.
 * @param atBoundary called around each call and outcome; what it awaits holds the work there. For fault tests.
 */
export async function resumeIntegrations(world: World, atBoundary = nowhere): Promise<void> {
  for (const id of await unfinishedIntegrations(world.db.kysely)) carryOn(world, id, atBoundary)
}

/** What AWS refuses ends in a state of the integration; anything else (the database is away) is tried until it works. */
function inBackground(world: World, id: number, work: (pause: Pause) => Promise<void>): void {
  world.background.run(`integration/${id}`, async pause => {
    for (let waitMs = 1000; ; waitMs = Math.min(2 * waitMs, 60_000)) {
      try {
        return await withIntegrationLock(world.db, id, pause, () => work(pause))
      } catch (error) {
        world.log.error({ err: error, integration: id, waitMs }, 'integration work failed, trying again')
        await pause(waitMs)
      }
    }
  })
}
