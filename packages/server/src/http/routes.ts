/** Every resource's routes. */
import type { World } from '../world.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { deploymentRoutes } from './deployment.ts'
import { groupRoutes } from './groups.ts'
import { integrationRoutes } from './integrations.ts'
import type { Serve } from './serve.ts'
import { tagRoutes } from './tags.ts'
import { userRoutes } from './users.ts'

export const routes: readonly ((serve: Serve, world: World) => void)[] = [
  integrationRoutes,
  deploymentRoutes,
  userRoutes,
  groupRoutes,
  tagRoutes,
  apiKeyRoutes,
]
