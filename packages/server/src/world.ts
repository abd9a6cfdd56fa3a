/** What the doors and loops of the server work with: built once by `main.ts`, handed to everything that does work. */
import type { Logger } from 'pino'
import type { AwsAccess } from './aws/clients.ts'
import type { Background } from './background.ts'
import type { Config } from './config.ts'
import type { Db } from './db/open.ts'
import type { LiveIndex } from './live-index/live-index.ts'
import type { Vault } from './secrets.ts'

export interface World {
  readonly config: Config
  readonly db: Db
  /** Who reaches what, as of the last change. */
  readonly index: LiveIndex
  readonly vault: Vault
  readonly aws: AwsAccess
  readonly background: Background
  readonly log: Logger
}
