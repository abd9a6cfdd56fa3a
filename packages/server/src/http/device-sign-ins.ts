/** Terminals that are signed in through a browser. See `directory/device-sign-in.ts` for what happens there. */
import { api } from '@headgate/core/api'
import { beginDevice, decideOnDevice, lookAtDevice, pollDevice } from '../directory/device-sign-in.ts'
import type { World } from '../world.ts'
import type { Serve } from './serve.ts'

const pollAfterSeconds = 2

export function deviceSignInRoutes(serve: Serve, world: World): void {
  serve(api.deviceSignIns.begin, async ({ body, client }) => {
    const { expiresAt, ...codes } = await beginDevice(world, body.device, client)
    return { body: { ...codes, path: '/app/device', expiresAt: new Date(expiresAt).toISOString(), pollAfterSeconds } }
  })
  serve(api.deviceSignIns.poll, async ({ body, client }) => ({
    body: await pollDevice(world, body.deviceCode, client),
  }))
  serve(api.deviceSignIns.look, async ({ body, caller }) => {
    const { device, ip, createdAt, expiresAt } = await lookAtDevice(world, body.userCode, caller)
    const times = { createdAt: new Date(createdAt).toISOString(), expiresAt: new Date(expiresAt).toISOString() }
    return { body: { device, ip, ...times } }
  })
  serve(api.deviceSignIns.decide, async ({ body, caller }) => {
    await decideOnDevice(world, body, caller)
    return { body: undefined }
  })
}
