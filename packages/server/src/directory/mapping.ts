/**
 * Where a person is mapped: for each integration the principal that serves there, or why none does. Pure; by the very
 * functions that decide about grants.
 */
import { type IntegrationId, meantPrincipals, type Principal, type UserId, uselessIn } from '@headgate/core'
import type { PrincipalsOfUser } from '@headgate/core/api'
import type { IntegrationRow } from '../db/integration.ts'
import { effective, type ShownPrincipals } from '../db/principal-view.ts'

type Mapping = PrincipalsOfUser['integrations'][number]

export function mappingsOf(shown: ShownPrincipals, integrations: readonly IntegrationRow[]): Mapping[] {
  const facts = effective(shown.principals).map(
    ({ person_id, kind, identifier, integration_id, found_id }): Principal => ({
      user: person_id as UserId,
      kind,
      identifier,
      ...(integration_id === null ? {} : { integration: integration_id as IntegrationId }),
      ...(found_id === null ? {} : { isAnother: true }),
    }),
  )
  return integrations.map(row => {
    const place = { integrationId: String(row.id), integration: row.name }
    const [meant, second] = meantPrincipals(facts, row.id as IntegrationId)
    if (!meant) return { ...place, status: 'unmapped', why: 'noPrincipal', reason: 'no principal serves there' }
    if (second) {
      const reason = 'several principals are meant, and nobody can say which'
      return { ...place, status: 'unmapped', why: 'severalPrincipals', reason }
    }
    const principal = { kind: meant.kind, identifier: meant.identifier }
    const why = uselessIn(asFact(row))(meant)
    if (!why) return { ...place, status: 'mapped', principal }
    return { ...place, status: 'unmapped', principal, why, reason: reasons[why](row) }
  })
}

function asFact(row: IntegrationRow) {
  return {
    id: row.id as IntegrationId,
    accountId: row.account_id,
    region: row.region,
    locationPath: row.location_path,
    subsumeEqual: row.subsume_equal,
    vendsTo: row.vends_to,
  }
}

const reasons = {
  otherAccount({ vending_policy, vending_problem, vending_read_at }: IntegrationRow): string {
    const which = 'the principal is in another account, and the Access Grants instance '
    if (vending_problem !== null) return `${which}may or may not let it vend: ${vending_problem}`
    if (vending_read_at === null) return `${which}was not asked yet whether it lets that account vend`
    return vending_policy === null
      ? `${which}has no resource policy that lets that account vend`
      : `${which}does not let it vend: its resource policy has to allow \`s3:GetDataAccess\` to that account, with no condition on what Headgate cannot know`
  },
  anotherPrincipal: () =>
    'AWS has another principal under this name than whoever was mapped: confirm it, or map another one',
} as const
