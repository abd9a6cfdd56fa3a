/** The marketplace: data products as everybody signed in finds them (06). */
import { z } from 'zod'
import { id, instant, level, name, page, pageQuery } from './common.ts'
import { productId } from './data-products.ts'
import { endpoint } from './endpoint.ts'

const offered = z.object({
  id: productId,
  name: z.string(),
  description: z.string(),
  domain: z.string().optional(),
  levels: z.array(level),
  expert: z.object({ id, userid: z.string(), name: z.string() }).optional(),
  colour: z.string().optional(),
  /** Takes no requests now. */
  suspended: z.boolean(),
  /** Nor ever again: shown to whoever has access through it, and to nobody else. */
  retired: z.boolean(),
  dataSources: z.number().int(),
  /** What the caller has through it now, and until when. */
  mine: z.array(z.object({ level, until: instant.optional() })),
  /** The requests for the caller that wait for a decision. */
  pending: z.array(z.object({ request: id, level })),
})
export type OfferedProduct = z.output<typeof offered>

export const marketplace = {
  list: endpoint({
    method: 'GET',
    path: '/marketplace/data-products',
    summary:
      'Published data products, by name; every word of the search begins a word of name, description or domain, or all of it stands in a tag or the name of the expert',
    needs: 'signedIn',
    query: pageQuery.extend({
      domain: name.optional(),
      level: level.optional(),
      /** Only those that the caller has access through. */
      mine: z.stringbool().optional(),
    }),
    status: 200,
    response: page(offered).extend({
      /** Of all that the search finds, whatever their domain. */
      domains: z.array(z.object({ name: z.string(), products: z.number().int() })),
    }),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/marketplace/data-products/{id}',
    summary: 'One published data product, and what is in it: names, descriptions and tags, never where it lies',
    needs: 'signedIn',
    params: z.object({ id: productId }),
    status: 200,
    response: offered.extend({
      links: z.array(z.object({ title: z.string(), url: z.string() })),
      longest: z.string().optional(),
      withoutEnd: z.boolean(),
      contents: z.array(
        z.object({ id, name: z.string(), description: z.string(), tags: z.array(z.string()), disabled: z.boolean() }),
      ),
    }),
    errors: ['data-product-not-found'],
  }),
}
