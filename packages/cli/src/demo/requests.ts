/**
 * What people of Acme asked for: made and decided by themselves, with their own keys, so that the marketplace has
 * somebody in it and the steward something to do. Each has a key of its own: run again, it is the same request, and
 * whatever people have made of their world since stays as it is.
 */
import { ApiError, type Caller } from '@headgate/core/api'
import type { AcmeRequest } from './acme.ts'

/** @param as a person's calls, by user name */
export async function makeRequests(
  api: Caller,
  requests: readonly AcmeRequest[],
  as: (userid: string) => Caller,
): Promise<void> {
  const { items } = await api.dataProducts.list({ query: { limit: 1000 } })
  const products = new Map(items.map(({ id, key }) => [key, id]))
  for (const request of requests) {
    await makeRequest(request, products, as).catch(error => {
      if (!(error instanceof ApiError && error.status < 500)) throw error
    })
  }
}

async function makeRequest(
  { by, product, level, purpose, duration, decision }: AcmeRequest,
  products: ReadonlyMap<string | undefined, string>,
  as: (userid: string) => Caller,
): Promise<void> {
  const { id, state } = await as(by).requests.askForProduct({
    params: { id: products.get(product) ?? product },
    body: {
      level,
      answers: { purpose },
      ...(duration === undefined ? {} : { duration }),
      idempotencyKey: `acme ${product} ${level}`,
    },
  })
  if (decision === undefined || state !== 'pending') return
  const { by: decider, ...body } = decision
  await as(decider).requests.decide({ params: { id }, body })
}
