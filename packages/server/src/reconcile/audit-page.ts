/**
 * One page of a listing, grant by grant: what each is to the ledger, and what is to be done about it. Reads the tags of
 * those alone that might be ours without our knowing, so many in one scan and no more. Changes nothing.
 */
import { type Comparison, judgeRecorded, judgeUnknown, type ListedGrant, type Marked, parseScope } from '@headgate/core'
import { intentTag, tenantTag } from '../aws/access-grants.ts'
import type { Actual } from '../db/drift-repair.ts'
import { knownForeign, type LedgerGrant, readIntents, readRecorded } from '../db/drift-repair.ts'
import type { Db } from '../db/open.ts'

export interface PageContext {
  readonly db: Db
  /** The compared integrations by their locations in AWS. */
  readonly byLocation: ReadonlyMap<string, number>
  readonly integrations: readonly number[]
  readonly locationOf: (integration: number) => string | undefined
  readonly tenantId: string
  readonly listLagMs: number
  /** Throws AwsFailure; undefined: it is gone. */
  readonly tagsOf: (grant: ListedGrant & { readonly arn: string }) => Promise<ReadonlyMap<string, string> | undefined>
  /** How many more tags may be read; counted down here. */
  readonly budget: { left: number }
}

export type Judged =
  | { readonly is: 'equal'; readonly integration: number; readonly ledgerId: number }
  | {
      readonly is: 'changed'
      readonly integration: number
      readonly ledgerId: number
      readonly grant: ListedGrant
      readonly detail: string
      /** Undefined where the ledger has no words for it. */
      readonly actual: Actual | undefined
    }
  | {
      readonly is: 'orphan' | 'foreign' | 'unjudged'
      readonly integration: number
      readonly ledgerId?: number
      readonly grant: ListedGrant
      readonly detail: string
    }

export interface JudgedPage {
  readonly judged: readonly Judged[]
  /** In no location of ours. */
  readonly outside: number
  /** When the ledger was read. */
  readonly now: number
}

type Listed = ListedGrant & { readonly arn: string }

/** Throws AwsFailure. */
export async function judgePage(page: readonly Listed[], context: PageContext): Promise<JudgedPage> {
  const { db, integrations, byLocation, locationOf, listLagMs } = context
  // Read after AWS: a grant made meanwhile is in the ledger by now.
  const recorded = await readRecorded(
    db,
    integrations,
    page.map(({ id }) => id),
  )
  const comparisonOf = (integration: number): Comparison => {
    return { locationId: locationOf(integration), now: recorded.now, listLagMs }
  }
  const judged: Judged[] = []
  const unknown: Listed[] = []
  let outside = 0
  for (const grant of page) {
    const row = recorded.rows.get(grant.id)
    if (row) judged.push(judgeRow(grant, row, comparisonOf(row.integration)))
    else if (byLocation.has(grant.locationId)) unknown.push(grant)
    else outside += 1
  }
  judged.push(...(await judgeUnknowns(unknown, context, comparisonOf)))
  return { judged, outside, now: recorded.now }
}

function judgeRow(grant: ListedGrant, row: LedgerGrant, comparison: Comparison): Judged {
  const { integration, ledgerId } = row
  const judgement = judgeRecorded(grant, row, comparison)
  switch (judgement.is) {
    case 'equal':
      return { is: 'equal', integration, ledgerId }
    case 'changed':
      return {
        is: 'changed',
        integration,
        ledgerId,
        grant,
        detail: judgement.differs,
        actual: actualOf(grant, ledgerId),
      }
    case 'orphan':
      return { is: 'orphan', integration, ledgerId, grant, detail: 'revoked, and AWS still lists it' }
    default: {
      const detail = `the ledger's row is ${row.state} and changed a moment ago or is being worked on`
      return { is: 'unjudged', integration, ledgerId, grant, detail }
    }
  }
}

/** The ledger's words for it, where it has any. */
function actualOf({ grantee, permission, grantScope }: ListedGrant, ledgerId: number): Actual | undefined {
  const parsed = parseScope(grantScope)
  const { type, identifier } = grantee
  if (!parsed.ok || (type !== 'IAM' && type !== 'DIRECTORY_USER')) return undefined
  if (permission !== 'READ' && permission !== 'READWRITE') return undefined
  return { ledgerId, granteeType: type, granteeId: identifier, scope: parsed.scope, permission }
}

async function judgeUnknowns(
  unknown: readonly Listed[],
  { db, byLocation, integrations, tenantId, tagsOf, budget }: PageContext,
  comparisonOf: (integration: number) => Comparison,
): Promise<Judged[]> {
  if (unknown.length === 0) return []
  const known = await knownForeign(
    db,
    integrations,
    unknown.map(({ id }) => id),
  )
  const intents = new Map<string, string | 'none'>()
  for (const grant of unknown) {
    if (known.has(grant.id)) intents.set(grant.id, 'none')
    else if (budget.left > 0) {
      budget.left -= 1
      const tags = await tagsOf(grant)
      if (tags) intents.set(grant.id, (tags.get(tenantTag) === tenantId && tags.get(intentTag)) || 'none')
    }
  }
  const rows = await readIntents(
    db,
    [...intents.values()].filter(intent => intent !== 'none'),
  )
  return unknown.map(grant => {
    const integration = byLocation.get(grant.locationId) ?? 0
    const intent = intents.get(grant.id)
    if (intent === undefined) {
      const detail = 'gone meanwhile, or more grants are unknown than are looked into at once: the next one goes on'
      return { is: 'unjudged', integration, grant, detail }
    }
    const mark: Marked | 'none' | 'lost' = intent === 'none' ? 'none' : (rows.get(intent) ?? 'lost')
    const is = judgeUnknown(mark, comparisonOf(integration))
    return { is, integration, grant, detail: describe(is, mark) }
  })
}

function describe(is: 'foreign' | 'orphan' | 'unjudged', mark: Marked | 'none' | 'lost'): string {
  if (is === 'foreign') return 'Headgate did not make it'
  if (is === 'unjudged') return 'made by Headgate; its row is being worked on'
  return mark === 'lost' ? 'made by Headgate; the ledger has no row of it' : 'made by Headgate; its row is over'
}
