/** What is asked for: a data product, or a data source of which a policy opens requests. */
import type { AccessRequest, AccessStatus } from '@headgate/core/api'
import type { hg } from '../api.ts'

export type Level = AccessStatus['level']

export interface Subject {
  /** As no other. */
  readonly key: string
  readonly levels: readonly Level[]
  /** Whether access without an end may be given. */
  readonly withoutEnd: boolean
  readonly status: (about: {
    readonly level: Level
    readonly for?: string
    /** Such as `30d`; who decides may hang on it. */
    readonly duration?: string
  }) => Promise<AccessStatus>
  readonly ask: (body: Parameters<typeof hg.requests.askForProduct>[0]['body']) => Promise<AccessRequest>
}
