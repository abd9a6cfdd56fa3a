/** Every resource's routes. */
import type { World } from '../world.ts'
import { deploymentRoutes } from './deployment.ts'
import type { Serve } from './serve.ts'

export const routes: readonly ((serve: Serve, world: World) => void)[] = [deploymentRoutes]
