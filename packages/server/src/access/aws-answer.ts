/** What AWS would say to a person about a path, and at which layer a denial would come. Asks the ledger, never AWS. */
import {
  accessTo,
  covers,
  type EntitlementIndex,
  printScope,
  type Scope,
  subPrefixOf,
  type UserId,
} from '@headgate/core'
import type { api } from '@headgate/core/api'
import type { z } from 'zod'
import type { Tx } from '../db/act.ts'
import { activeGrants } from '../db/grant-list.ts'
import { coveringPath } from './places.ts'

type Answer = NonNullable<z.input<typeof api.access.explain.response>['aws']>

/** Reads the index at once; what it answers reads the ledger. */
export function awsAnswer(index: EntitlementIndex, user: UserId, path: Scope): (tx: Tx) => Promise<Answer> {
  const locations = [...index.bindings.integrations.values()]
  const isInside = locations.some(({ locationPath }) => subPrefixOf(path, locationPath) !== undefined)
  const person = index.facts.findPerson(user)
  const entitled = coveringPath(index, path).flatMap(id => {
    const integration = index.bindings.sources.get(id)?.row.integration
    return accessTo(index, user, id)?.entitled && integration !== undefined ? [integration] : []
  })
  const isMapped = entitled.some(id => person && index.facts.principalOf(person, id) !== undefined)

  return async tx => {
    const covering = (await activeGrants(tx, user, path.bucket)).filter(({ scope }) => covers(scope, path))
    // AWS takes the grant closest to the target.
    const [match] = covering.sort((a, b) => b.scope.key.length - a.scope.key.length)
    if (match) {
      const { scope, awsGrantId, ...rest } = match
      const grant = { ...rest, scope: printScope(scope), ...(awsGrantId === null ? {} : { awsGrantId }) }
      return { layer: 'granted', message: `AWS vends credentials for ${grant.scope} when asked`, grant }
    }
    if (!isInside) return { layer: 'outsideLocations', message: 'no integration has a location that holds this path' }
    if (entitled.length === 0) return { layer: 'noGrant', message: 'nothing entitles to a data source that covers it' }
    if (!isMapped)
      return { layer: 'unmapped', message: 'entitled, but without an AWS principal: a user admin adds one' }
    return { layer: 'notYetProvisioned', message: 'entitled, but no grant is active in AWS: its state says why' }
  }
}
