/** The settings of the deployment. */
import { api } from '@headgate/core/api'
import { readSettings } from '../db/settings.ts'
import { changeSettings } from '../directory/change-settings.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

export function settingsRoutes(serve: Serve, { db }: World): void {
  serve(api.settings.get, async () => {
    const { version, ...body } = await readSettings(db.kysely)
    return { body, version }
  })
  serve(api.settings.replace, async ({ body, version, caller }) => {
    await changeSettings(db, caller, version, body)
    return { body, version: version + 1 }
  })
}
