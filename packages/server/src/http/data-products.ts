/** `/data-products`: made, changed, led through their states, looked back at. */
import { api } from '@headgate/core/api'
import { createId } from '@paralleldrive/cuid2'
import { type Act, act, type Tx } from '../db/act.ts'
import {
  findProduct,
  findProductVersion,
  listProducts,
  listProductVersions,
  lockProductAt,
  type ProductRow,
} from '../db/data-product.ts'
import { membersOfProduct } from '../db/product-detail.ts'
import { putProduct } from '../market/keyed-product.ts'
import { diffProductVersions, presentProduct, presentProducts, presentVersion } from '../market/present-product.ts'
import { readableDomains, requireManager, requireManagerOf, requireReadable } from '../market/product-authority.ts'
import { holdContent } from '../market/product-content.ts'
import { requireSeenExpert } from '../market/product-expert.ts'
import { changeProduct, createProduct, deleteProduct, restoreProduct, type Step, takeStep } from '../market/products.ts'
import type { World } from '../world.ts'
import type { Caller, Serve } from './serve.ts'

export function dataProductRoutes(serve: Serve, { db }: World): void {
  serve(api.dataProducts.list, async ({ query, caller }) =>
    db.snapshot(async tx => {
      const page = await listProducts(tx, query, await readableDomains(tx, caller))
      return { body: { ...page, items: await presentProducts(tx, caller, page.items) } }
    }),
  )

  serve(api.dataProducts.get, async ({ params: { id }, caller }) =>
    db.snapshot(async tx => answerOf(tx, caller, await readable(tx, caller, id))),
  )

  serve(api.dataProducts.create, async ({ body, caller }) =>
    write(caller, async done => {
      await requireManagerOf(done.tx, caller, body.domain ?? null)
      await requireSeenExpert(done.tx, caller, body.expert, undefined)
      return createProduct(done, createId(), body)
    }),
  )

  serve(api.dataProducts.putByKey, async ({ params: { key }, body, caller }) =>
    write(caller, done => putProduct(done, caller, key, body)),
  )

  serve(api.dataProducts.edit, async ({ params: { id }, body, version, caller }) =>
    writeTo(
      { id, version },
      caller,
      async () => body,
      async (done, before) => {
        if ((body.domain ?? null) !== before.domain) await requireManagerOf(done.tx, caller, body.domain ?? null)
        await requireSeenExpert(done.tx, caller, body.expert, before)
        return changeProduct(done, before, body)
      },
    ),
  )

  serve(api.dataProducts.restore, async ({ params: { id }, body, version, caller }) =>
    writeTo(
      { id, version },
      caller,
      tx => findContent(tx, id, body.version),
      async (done, before) => {
        const { domain } = await findProductVersion(done.tx, id, body.version)
        if (domain !== before.domain) await requireManagerOf(done.tx, caller, domain)
        return restoreProduct(done, before, body.version)
      },
    ),
  )

  for (const step of ['publish', 'unpublish', 'suspend', 'resume', 'retire'] as const satisfies readonly Step[]) {
    serve(api.dataProducts[step], async ({ params: { id }, version, caller }) =>
      writeTo({ id, version }, caller, ownContent, (done, before) => takeStep(done, before, step)),
    )
  }

  serve(api.dataProducts.remove, async ({ params: { id }, query, version, caller }) => {
    const { sequence } = await act(db, caller, async done => {
      await deleteProduct(done, await managed(done.tx, caller, { id, version }, ownContent), query)
    })
    return { body: undefined, sequence }
  })

  serve(api.dataProducts.members, async ({ params: { id }, query, caller }) =>
    db.snapshot(async tx => {
      await readable(tx, caller, id)
      const page = await membersOfProduct(tx, id, query)
      const items = page.items.map(({ id, person, userid, name, level, since, until, request }) => ({
        id,
        user: { id: person, userid, name },
        level,
        since: printTime(since),
        ...(until === null ? {} : { until: printTime(until) }),
        ...(request === null ? {} : { request }),
      }))
      return { body: { ...page, items } }
    }),
  )

  serve(api.dataProducts.versions, async ({ params: { id }, query, caller }) =>
    db.snapshot(async tx => {
      await readable(tx, caller, id)
      const page = await listProductVersions(tx, id, query)
      return { body: { ...page, items: page.items.map(presentVersion) } }
    }),
  )

  serve(api.dataProducts.version, async ({ params: { id, version }, caller }) =>
    db.snapshot(async tx => {
      await readable(tx, caller, id)
      return { body: presentVersion(await findProductVersion(tx, id, version)) }
    }),
  )

  serve(api.dataProducts.diff, async ({ params: { id }, query, caller }) =>
    db.snapshot(async tx => {
      await readable(tx, caller, id)
      const from = presentVersion(await findProductVersion(tx, id, query.from))
      const to = presentVersion(await findProductVersion(tx, id, query.to))
      return { body: { productId: id, from, to, changes: diffProductVersions(from, to) } }
    }),
  )

  async function writeTo(
    at: At,
    caller: Caller,
    content: ContentToHold,
    work: (done: Act, before: ProductRow) => Promise<ProductRow>,
  ) {
    return write(caller, async done => work(done, await managed(done.tx, caller, at, content)))
  }

  async function write(caller: Caller, work: (done: Act) => Promise<ProductRow>) {
    const { result, sequence } = await act(db, caller, async done => answerOf(done.tx, caller, await work(done)))
    return { ...result, sequence }
  }
}

async function readable(tx: Tx, caller: Caller, id: string): Promise<ProductRow> {
  const row = await findProduct(tx, id)
  await requireReadable(tx, caller, row)
  return row
}

interface At {
  readonly id: string
  readonly version: number
}

/** What the write will speak of. */
type ContentToHold = (tx: Tx, row: ProductRow) => Promise<Parameters<typeof holdContent>[1]>

/** Who may not know of it must not learn its version. */
async function managed(tx: Tx, caller: Caller, { id, version }: At, content: ContentToHold): Promise<ProductRow> {
  const row = await findProduct(tx, id)
  await requireManager(tx, caller, row)
  await holdContent(tx, await content(tx, row))
  return lockProductAt(tx, id, version)
}

/** Where it has another by the time it is locked, it has another version too. */
async function ownContent(_: Tx, { domain, definition }: Pick<ProductRow, 'domain' | 'definition'>) {
  return { domain: domain ?? undefined, dataSources: [...definition.dataSources] }
}

async function findContent(tx: Tx, id: string, version: number) {
  return ownContent(tx, await findProductVersion(tx, id, version))
}

async function answerOf(tx: Tx, caller: Caller, row: ProductRow) {
  return { version: row.version, body: await presentProduct(tx, caller, row) }
}

function printTime(instant: number): string {
  return new Date(instant).toISOString()
}
