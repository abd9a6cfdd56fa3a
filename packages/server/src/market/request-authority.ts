/** What somebody is to a request, by the rules of the contract. */
import { type Criterion, criteriaOf, refusalOf, type UserId } from '@headgate/core'
import { Problem, rules } from '@headgate/core/api'
import { groundOf, holdsAny, type Standing } from '../access/allow.ts'
import { actsAsOwner, actsAsOwnerOf, domainsWith } from '../access/domain-rights.ts'
import type { Tx } from '../db/act.ts'
import { criteriaMet } from '../db/approver.ts'
import { decisionsOf, pendingRequests, type RequestRow, type Visible } from '../db/request.ts'
import { domainsOf } from '../db/requestable.ts'
import type { Caller } from '../http/serve.ts'
import { criteriaMetBy, excludedFrom } from './approvers.ts'
import { aboutOf, reviewOf } from './request-review.ts'

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
  if ((await excludedFrom(tx, about)).has(caller.id)) return false
  const criteria = row.stages.flatMap(stage => criteriaOf(stage)).filter(one => carries(caller, one))
  return (await criteriaMet(tx, criteria, about, [caller.id])).size > 0
}

/** A key narrowed to permissions carries no group, attribute or right. */
function carries(caller: Caller, criterion: Criterion): boolean {
  return 'permission' in criterion ? holdsAny(caller, [criterion.permission]) : !caller.keyIsNarrowed
}

/** Pending ones, oldest first, on which an approval or a denial by the caller would count now. */
export async function waitingFor(tx: Tx, caller: Caller): Promise<number[]> {
  const found: number[] = []
  for (const row of await pendingRequests(tx, mostPending)) {
    if (row.requester_id === caller.id || row.beneficiary_id === caller.id) continue
    const [review, about] = [await reviewOf(tx, row), await aboutOf(tx, row)]
    const criteria = await criteriaMetBy(tx, caller, review, about)
    if ('why' in criteria) continue
    if (refusalOf(review, caller.id as UserId, 'approve', criteria.met) === undefined) found.push(row.id)
  }
  return found
}

const mostPending = 2000

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
