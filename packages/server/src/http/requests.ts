/** `/requests`: asking for access, deciding, and what becomes of it. Every change is made under the lock of the request. */
import { type Level, parseDuration, printDuration } from '@headgate/core'
import { api, Problem, rules } from '@headgate/core/api'
import type { z } from 'zod'
import { allow } from '../access/allow.ts'
import { openToQuestions } from '../access/places.ts'
import { requireFindable } from '../access/visibility.ts'
import { act, type Tx } from '../db/act.ts'
import { findProduct } from '../db/data-product.ts'
import { findDataSource } from '../db/data-source.ts'
import { advisedOf } from '../db/principal-view.ts'
import {
  findRequest,
  insertComment,
  involvedIn,
  listComments,
  listRequests,
  lockRequest,
  type RequestQuery,
  type RequestRow,
  requestsFor,
  requestTarget,
} from '../db/request.ts'
import { listBeneficiaries, productAsked } from '../db/requestable.ts'
import { presentAdvice } from '../directory/principal-advice.ts'
import { type Asked, ask, heldUntil, routeOf, statusesOf, type Wanted } from '../market/ask.ts'
import { beneficiaryFor } from '../market/beneficiary.ts'
import { cancelRequest, decideRequest, lockPending, revokeRequest } from '../market/decide-request.ts'
import { sameAgain } from '../market/extend.ts'
import {
  presentComments,
  presentDetail,
  presentRequest,
  presentRequests,
  presentReview,
  presentStages,
  presentStatuses,
} from '../market/present-request.ts'
import { requireReadable } from '../market/product-authority.ts'
import { toRequest, visibleTo, waitingFor } from '../market/request-authority.ts'
import { tell } from '../market/request-notices.ts'
import { type Requestable, requestableProduct, requestableSource } from '../market/requestable.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function requestRoutes(serve: Serve, { db, index: live, config }: World): void {
  const pendingDays = config.HEADGATE_REQUEST_DAYS

  serve(api.requests.askForProduct, async ({ params: { id }, body, caller }) => {
    return asked(caller, async () => ({ body, wanted: product(id) }))
  })

  serve(api.requests.askForDataSource, async ({ params: { id }, body: { policy, ...body }, caller }) => {
    return asked(caller, async () => ({ body, wanted: source(caller, id, body.level, policy) }))
  })

  serve(api.requests.extend, async ({ params: { id }, body = {}, caller }) => {
    return asked(caller, async tx => {
      const row = await permit(tx, caller, id, rules.extendRequest)
      const { product_id, data_source_id, policy_id, level } = row
      const wanted =
        product_id === null ? source(caller, data_source_id ?? 0, level, policy_id ?? undefined) : product(product_id)
      return { body: sameAgain(caller, row, body), wanted }
    })
  })

  async function asked(caller: Caller, what: (tx: Tx) => Promise<{ readonly body: Asked; readonly wanted: Wanted }>) {
    const { index } = await live.fresh()
    const { result, sequence } = await act(db, caller, async doing => {
      const { body, wanted } = await what(doing.tx)
      return presentRequest(doing.tx, await ask(doing, caller, index, pendingDays, body, wanted))
    })
    return { body: result, sequence }
  }

  function product(id: string): Wanted {
    return { thing: { product_id: id, data_source_id: null }, find: tx => requestableProduct(tx, id) }
  }

  function source(caller: Caller, id: number, level: Level, policy: number | undefined): Wanted {
    return {
      thing: { product_id: null, data_source_id: id },
      policy,
      async find(tx) {
        const { index } = await live.fresh()
        const row = await findDataSource(tx, id)
        if (!row) throw new Problem('data-source-not-found', { id })
        await requireFindable(tx, index, caller, id)
        if (row.state !== 'active') throw new Problem('data-source-disabled', { id })
        return requestableSource(tx, index, row, level, policy)
      },
    }
  }

  serve(api.requests.statusOfProduct, async ({ params: { id }, query, caller }) =>
    // What is held for sharing cannot be read by a snapshot.
    db.transaction(tx => status(tx, caller, query, product(id))),
  )

  serve(api.requests.statusOfDataSource, async ({ params: { id }, query: { policy, ...query }, caller }) =>
    db.transaction(tx => status(tx, caller, query, source(caller, id, query.level, policy))),
  )

  async function status(
    tx: Tx,
    caller: Caller,
    query: z.output<typeof api.requests.statusOfProduct.query>,
    wanted: Wanted,
  ) {
    const what = await wanted.find(tx)
    const who = await beneficiaryFor(tx, caller, query.for)
    const { held, until } = await heldUntil(tx, what, who.id, query.level)
    const advice = await presentAdvice(tx, await advisedOf(tx, who.id))
    const askedMs = query.duration === undefined ? undefined : parseDuration(query.duration)
    const route = await routeOf(tx, what, { requester: caller.id, beneficiary: who.id }, query.level, askedMs)
    const isOpen = await openToQuestions(tx, caller)
    const { index } = await live.fresh()
    const statuses = statusesOf(index, what, who.id, query.level)
    const waiting = (await requestsFor(tx, what.thing, who.id, 'pending')).find(one => one.level === query.level)
    const why = whyNot(what, query.level, held && until === undefined, waiting !== undefined, statuses)
    const { form, agreements, ...formRow } = what.form
    const { most: _, ...duration } = form.duration
    const most = what.limits.longestMs
    return {
      body: {
        for: { id: who.id, userid: who.userid, name: who.name },
        level: query.level,
        requestable: why === undefined,
        ...(why === undefined ? {} : { why }),
        ...(waiting === undefined ? {} : { waiting: waiting.id }),
        extension: held,
        dataSources: presentStatuses(index, statuses, isOpen),
        advice,
        review: {
          outcome: route.stages.length === 0 ? ('approve' as const) : ('review' as const),
          ...(route.approvedMs === undefined ? {} : { duration: printDuration(route.approvedMs) }),
          stages: presentStages(route.stages),
        },
        form: {
          ...formRow,
          fields: form.fields.map(field => ({ ...field })),
          duration: {
            ...duration,
            suggested: [...duration.suggested],
            ...(most === undefined ? {} : { most: printDuration(most) }),
            withoutEnd: what.limits.withoutEnd,
          },
          agreements: agreements.map(one => ({ ...one })),
        },
      },
    }
  }

  serve(api.requests.beneficiaries, async ({ query }) => {
    const page = await listBeneficiaries(db.kysely, query)
    const items = page.items.flatMap(({ id, userid, name, kind }) =>
      kind === 'person' ? [] : [{ id, userid, name, kind }],
    )
    return { body: { ...page, items } }
  })

  serve(api.requests.list, async ({ query: { box, ...query }, caller }) => list(caller, query, box))

  serve(api.requests.ofProduct, async ({ params: { id }, query, caller }) => {
    // Of one that is a draft again, whoever manages it still reads what was.
    if (!(await productAsked(db.kysely, id))) {
      await db.snapshot(async tx => requireReadable(tx, caller, await findProduct(tx, id)))
    }
    return list(caller, { ...query, product: id }, 'all')
  })

  async function list(caller: Caller, query: RequestQuery, box: 'mine' | 'toDecide' | 'all') {
    return db.snapshot(async tx => {
      const none = { domains: [], dataSources: [] }
      const waiting = box === 'toDecide' ? await waitingFor(tx, caller) : []
      const page =
        box === 'all'
          ? await listRequests(tx, query, await visibleTo(tx, caller))
          : box === 'mine'
            ? await listRequests(tx, query, { ...none, person: caller.id, ids: [], only: 'person' })
            : await listRequests(tx, query, { ...none, person: caller.id, ids: waiting, only: 'ids' })
      return { body: { ...page, items: await presentRequests(tx, page.items) } }
    })
  }

  serve(api.requests.get, async ({ params: { id }, caller }) =>
    db.snapshot(async tx => {
      const row = await findRequest(tx, id)
      await allow(caller, rules.readRequest, toRequest(tx, caller, row))
      return { body: await presentDetail(tx, caller, row) }
    }),
  )

  serve(api.requests.review, async ({ params: { id }, caller }) => {
    const { index } = await live.fresh()
    return db.snapshot(async tx => {
      const row = await findRequest(tx, id)
      await allow(caller, rules.reviewRequest, toRequest(tx, caller, row))
      return { body: await presentReview(tx, index, caller, row) }
    })
  })

  serve(api.requests.decide, async ({ params: { id }, body, caller }) => {
    const { result: row, sequence } = await act(db, caller, async doing => {
      await allow(caller, rules.readRequest, toRequest(doing.tx, caller, await lockRequest(doing.tx, id)))
      return decideRequest(doing, caller, live, id, body)
    })
    // Afterwards: the grant does not wait for what is only shown.
    return { body: await db.snapshot(tx => presentDetail(tx, caller, row)), sequence }
  })

  serve(api.requests.comments, async ({ params: { id }, query, caller }) =>
    db.snapshot(async tx => {
      await allow(caller, rules.readRequest, toRequest(tx, caller, await findRequest(tx, id)))
      const page = await listComments(tx, id, query)
      return { body: { ...page, items: await presentComments(tx, page.items) } }
    }),
  )

  serve(api.requests.comment, async ({ params: { id }, body: { text }, caller }) => {
    const { result } = await act(db, caller, async doing => {
      const row = await lockRequest(doing.tx, id)
      await allow(caller, rules.commentRequest, toRequest(doing.tx, caller, row))
      const stored = await insertComment(doing.tx, id, caller.id, text)
      doing.audit({
        action: 'CREATE',
        targetType: 'REQUEST',
        targets: [requestTarget(row)],
        payload: { type: 'RequestCommented', comment: stored.id },
      })
      const people = [row.requester_id, row.beneficiary_id, ...(await involvedIn(doing.tx, id))]
      await tell(doing, 'request.commented', row, { people, reason: text })
      const [shown] = await presentComments(doing.tx, [stored])
      return shown as NonNullable<typeof shown>
    })
    return { body: result }
  })

  serve(api.requests.cancel, async ({ params: { id }, body, caller }) => {
    const { result } = await act(db, caller, async doing => {
      await permit(doing.tx, caller, id, rules.cancelRequest)
      return presentRequest(doing.tx, await cancelRequest(doing, await lockPending(doing, id), body?.reason))
    })
    return { body: result }
  })

  serve(api.requests.revoke, async ({ params: { id }, body, caller }) => {
    const { result, sequence } = await act(db, caller, async doing => {
      await permit(doing.tx, caller, id, rules.revokeRequest)
      const { row, others } = await revokeRequest(doing, id, body)
      const stillGivenBy = others.map(({ id, level, until }) => ({
        id,
        level,
        ...(until === null ? {} : { until: new Date(until).toISOString() }),
      }))
      return { ...(await presentRequest(doing.tx, row)), stillGivenBy }
    })
    return { body: result, sequence }
  })
}

async function permit(
  tx: Tx,
  caller: Caller,
  id: number,
  rule: typeof rules.cancelRequest | typeof rules.extendRequest | typeof rules.revokeRequest,
): Promise<RequestRow> {
  const row = await lockRequest(tx, id)
  await allow(caller, rule, toRequest(tx, caller, row))
  return row
}

function whyNot(
  what: Requestable,
  level: Level,
  isNeedless: boolean,
  waits: boolean,
  statuses: readonly { readonly status: string }[],
): string | undefined {
  if (what.closed !== undefined) return what.closed
  if (!what.levels.includes(level)) return 'level-not-offered'
  if (isNeedless) return 'request-needless'
  if (waits) return 'request-waits'
  return statuses.length > 0 && statuses.every(({ status }) => status === 'prevented') ? 'request-prevented' : undefined
}
