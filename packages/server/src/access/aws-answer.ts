/** What AWS would say to a person about a path, in words: who may not know of data sources is not told of any. */
import { type PathExplanation, type PathLayer, printScope } from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { activeGrants } from '../db/grant-list.ts'

type Answer = NonNullable<z.input<typeof api.access.explain.response>['aws']>
type ActiveGrant = Awaited<ReturnType<typeof activeGrants>>[number]

export function presentPath(said: PathExplanation<ActiveGrant>, mayKnow: boolean): Answer {
  const { reading, writing } = said
  // That there is a data source is told by what is missing.
  const layer = said.layer === 'noDataSource' && !mayKnow ? 'noGrant' : said.layer
  return {
    layer,
    message: reading ? `AWS vends credentials for ${printScope(reading.scope)} when asked` : denials[layer],
    ...(reading ? { grant: presentGrant(reading) } : {}),
    ...(writing ? { writing: presentGrant(writing) } : {}),
  }
}

const denials: Readonly<Record<PathLayer, string>> = {
  granted: 'AWS vends credentials when asked',
  outsideLocations: 'no integration has a location that holds this path',
  noDataSource: 'no active data source covers this path: a data owner registers one',
  noGrant: 'nothing entitles to a data source that covers it',
  unmapped: 'entitled, but no AWS principal of theirs that asks counts there: the page of the user says why',
  notYetProvisioned: 'entitled, but no grant is active in AWS: its state says why',
}

function presentGrant({ scope, awsGrantId, ...rest }: ActiveGrant): NonNullable<Answer['grant']> {
  return { ...rest, scope: printScope(scope), ...(awsGrantId === null ? {} : { awsGrantId }) }
}
