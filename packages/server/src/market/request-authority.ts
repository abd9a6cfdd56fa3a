/** What somebody is to a request, by the rules of the contract. */
import { criteriaOf, refusalOf, type UserId } from '@headgate/core'
import { Problem, rules } from '@headgate/core/api'
import { groundOf, holdsAny, type Standing } from '../access/allow.ts'
import { actsAsOwner, actsAsOwnerOf, domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import { criteriaMet } from '../db/approver.ts'
import { decisionsOf, decisionsOfEach, pendingRequests, type RequestRow, type Visible } from '../db/request.ts'
import { domainsOf, editorOf } from '../db/requestable.ts'
import type { Caller } from '../http/serve.ts'
import { carries, excludedFrom, openCriteriaMet, whyNever } from './approvers.ts'
import { aboutOf, toReview } from './request-review.ts'
import { type whoAssumes, whoAssumesEach } from './role-holders.ts'

export function toRequest(tx: Tx, caller: Caller, row: RequestRow): Standing<'request'> {
  return {
    async is(relation) {
      if (relation === 'party') return row.requester_id === caller.id || row.beneficiary_id === caller.id
      if (relation === 'reviewer') return isReviewer(tx, caller, row)
      if (relation === 'owner')
        return row.data_source_id !== null && (await actsAsOwner(tx, caller, row.data_source_id))
      const mine = await domainsWith(tx, caller, relation.inDomain)
      return mine.length > 0 && (await domainsOf(tx, row)).some(name => mine.includes(name))
    },
    isKnown: async () => (await groundOf(caller, rules.readRequest, toRequest(tx, caller, row))) !== undefined,
    missing: () => new Problem('request-not-found', { id: row.id }),
  }
}

/** Decided, or could decide in one of its stages. */
async function isReviewer(tx: Tx, caller: Caller, row: RequestRow): Promise<boolean> {
  const decided = (await decisionsOf(tx, row.id)).some(one => one.by_id === caller.id)
  if (decided) return true
  const about = await aboutOf(tx, row)
  if (whyNever(caller, await excludedFrom(tx, about))) return false
  const criteria = row.stages.flatMap(stage => criteriaOf(stage)).filter(one => carries(caller, one))
  return (await criteriaMet(tx, criteria, about, [caller.id])).size > 0
}

/**
 * Pending ones, oldest first, on which an approval by the caller would count now. What many requests share, such as their
 * flow and their product, is asked once.
 */
export async function waitingFor(tx: Tx, caller: Caller): Promise<number[]> {
  const once = remembering()
  const found: number[] = []
  let rows: readonly RequestRow[] = []
  do {
    rows = await pendingRequests(tx, { after: rows.at(-1)?.id ?? 0, limit: atOnce })
    found.push(...(await waitingAmong(tx, caller, rows, once)))
  } while (rows.length === atOnce)
  return found
}

const atOnce = 1000

async function waitingAmong(
  tx: Tx,
  caller: Caller,
  pending: readonly RequestRow[],
  once: ReturnType<typeof remembering>,
): Promise<number[]> {
  const met = new Map<RequestRow, readonly number[]>()
  for (const row of pending) {
    if (row.requester_id === caller.id || row.beneficiary_id === caller.id) continue
    const { product_id, data_source_id } = row
    const domains = await once(['domains', product_id, data_source_id], () => domainsOf(tx, row))
    const stage = row.stages[row.stage]
    const criteria = await once(['criteria', stage, domains], () => openCriteriaMet(tx, caller, stage, domains))
    if (criteria.length > 0) met.set(row, criteria)
  }
  const rows = [...met.keys()]
  const assuming = await whoAssumesEach(
    tx,
    rows.map(row => row.beneficiary_id),
  )
  const assume: typeof whoAssumes = async (_, person) => assuming.get(person) ?? new Set()
  const decisions = await decisionsOfEach(
    tx,
    rows.map(({ id }) => id),
  )
  const found: number[] = []
  for (const row of rows) {
    const { flow_id, flow_version, policy_id, policy_version } = row
    const flow = ['editor', flow_id, flow_version, policy_id, policy_version]
    const flowEditor = await once(flow, () => editorOf(tx, row))
    const { requester_id: requester, beneficiary_id: beneficiary, opened_by: openedBy } = row
    const about = { requester, openedBy, beneficiary, flowEditor, domains: [] }
    if (whyNever(caller, await excludedFrom(tx, about, assume))) continue
    const review = toReview(row, decisions.get(row.id) ?? [])
    if (refusalOf(review, caller.id as UserId, 'approve', met.get(row) ?? []) === undefined) found.push(row.id)
  }
  return found
}

/** Asks each question once, by what it is about. */
function remembering() {
  const answers = new Map<string, Promise<unknown>>()
  return <T>(about: unknown, ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(about)
    const answer = answers.get(key) ?? ask()
    answers.set(key, answer)
    return answer as Promise<T>
  }
}

/** Which requests the caller may list; undefined: all. */
export async function visibleTo(tx: Tx, caller: Caller): Promise<Visible | undefined> {
  if (holdsAny(caller, rules.listRequests.anyOf)) return undefined
  return {
    person: caller.id,
    domains: await domainsWith(tx, caller, ['MANAGE_DATA_PRODUCTS']),
    dataSources: await actsAsOwnerOf(tx, caller),
    ids: await waitingFor(tx, caller),
  }
}
