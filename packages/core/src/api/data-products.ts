/** Data products: what people ask for instead of roles (06). Managed here; found and asked for in `marketplace.ts`. */
import { z } from 'zod'
import { parseDuration } from '../duration.ts'
import { id, idParam, instant, label, level, name, newName, nothing, page, pageQuery, text } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

/** A cuid2; the tag and the value of the product end with it. */
export const productId = z.string().regex(/^[a-z][a-z0-9]{1,31}$/, 'must be the id of a data product')
const productKey = z
  .string()
  .regex(
    /^[a-z0-9]([a-z0-9._-]{0,98}[a-z0-9])?$/,
    'must be up to 100 of a-z, 0-9, `.`, `_`, `-`, first and last no mark',
  )

export const productStates = ['draft', 'published', 'suspended', 'retired'] as const
const state = z.enum(productStates)

export const mostSources = 10_000
const levels = z
  .array(level)
  .min(1)
  .max(2)
  .refine(given => new Set(given).size === given.length, 'must hold each level once')
const duration = z
  .string()
  .max(20)
  .refine(given => parseDuration(given) !== undefined, 'must be a number and a unit, such as `12h`, `30d` or `1y`')
const link = z.strictObject({
  title: newName,
  url: z
    .url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'must be an address that begins with `https://`' })
    .max(2000),
})

const terms = {
  /** Markdown. */
  description: text.default(''),
  /** What may be asked for; WRITE includes READ. */
  levels: levels.default(['READ']),
  /** `#rrggbb`, for its card. */
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'must be a colour such as `#3366cc`')
    .optional(),
  links: z.array(link).max(20).default([]),
  /** The longest that anybody is let in at a time. */
  longest: duration.optional(),
  /** Whether anybody may be let in without an end. */
  withoutEnd: z.boolean().default(false),
}

const contentShape = {
  name: label,
  /** Then every data source must be in it, and who manages data products there manages this one. */
  domain: name.optional(),
  dataSources: z.array(idParam).max(mostSources).default([]),
  /** The person to ask about the data. */
  expert: idParam.optional(),
  /** What is asked and who decides; absent: the standard ones. */
  form: idParam.optional(),
  reviewFlow: idParam.optional(),
  ...terms,
}
export const productContent = z.strictObject(contentShape)
export type ProductContent = z.output<typeof productContent>

/** As files say it: things by their names, or by id as a number. */
const byName = z.union([z.number().int().positive(), newName], { error: 'must be a name, or an id as a number' })
const keyedContent = z.strictObject({
  name: label,
  domain: name.optional(),
  dataSources: z.array(byName).max(mostSources).default([]),
  /** A user name. */
  expert: byName.optional(),
  form: byName.optional(),
  reviewFlow: byName.optional(),
  ...terms,
  /** What it is to be from now on; absent: it stays as it is, a draft at first. */
  state: z.enum(['draft', 'published', 'suspended']).optional(),
})

const named = z.object({ id, name: z.string() })
const shown = {
  name: z.string(),
  description: z.string(),
  domain: z.string().optional(),
  levels: z.array(level),
  expert: z.object({ id, userid: z.string(), name: z.string() }).optional(),
  colour: z.string().optional(),
  links: z.array(z.object({ title: z.string(), url: z.string() })),
  longest: z.string().optional(),
  withoutEnd: z.boolean(),
}

const dataProduct = z.object({
  id: productId,
  /** How configuration as code calls it. */
  key: z.string().optional(),
  version: z.number().int(),
  state,
  ...shown,
  dataSourceCount: z.number().int(),
  form: named,
  reviewFlow: named,
  /** People who have access through it now. */
  members: z.number().int(),
  /** Whether the caller may change it. */
  managed: z.boolean(),
  createdAt: instant,
  createdBy: z.string(),
  updatedAt: instant,
})

/** With what is in it, by name; what is gone by now is left out. */
const dataProductDetail = dataProduct.extend({
  dataSources: z.array(
    named.extend({
      /** There and true: in the product's domain no longer, so that the next write has to leave it out. */
      leftDomain: z.literal(true).optional(),
    }),
  ),
})
export type DataProduct = z.output<typeof dataProductDetail>

const productVersion = z.object({
  productId,
  version: z.number().int(),
  state: z.enum([...productStates, 'deleted']),
  ...shown,
  expert: id.optional(),
  dataSources: z.array(id),
  form: id.optional(),
  reviewFlow: id.optional(),
  change: z.enum([
    'created',
    'edited',
    'restored',
    'published',
    'unpublished',
    'suspended',
    'resumed',
    'retired',
    'deleted',
  ]),
  /** Whose content it took over, when it was restored. */
  from: z.number().int().optional(),
  createdAt: instant,
  createdBy: z.string(),
})
export type ProductVersion = z.output<typeof productVersion>

const member = z.object({
  id,
  user: z.object({ id, userid: z.string(), name: z.string() }),
  level,
  since: instant,
  until: instant.optional(),
  /** The request that was approved. */
  request: id.optional(),
})

const params = z.object({ id: productId })
const versionNumber = z.coerce.number().int().min(1).max(2_147_483_647)
const readers = rules.readDataProduct
const writers = rules.manageDataProduct
const versionErrors = ['data-product-not-found', 'version-missing', 'version-stale'] as const
const contentErrors = [
  'data-product-name-taken',
  'data-product-invalid',
  'name-reserved',
  'domain-not-found',
  'user-not-found',
  'request-form-not-found',
  'review-flow-not-found',
] as const

/** Takes the product to another state. */
function step<const Path extends string, const Previewed extends { readonly ifPreview?: true }>(
  path: Path,
  summary: string,
  previewed: Previewed,
) {
  return endpoint({
    method: 'POST',
    path: `/data-products/{id}/${path}` as const,
    summary,
    needs: writers,
    params,
    ifMatch: true,
    ...previewed,
    status: 200,
    response: dataProductDetail,
    errors: [...versionErrors, 'data-product-state', 'data-product-invalid'],
  })
}

export const dataProducts = {
  list: endpoint({
    method: 'GET',
    path: '/data-products',
    summary: 'Data products that the caller manages or may look into; the search looks at name and description',
    needs: rules.listDataProducts,
    query: pageQuery.extend({
      /** Upwards by one of these, or downwards with `-`. */
      sort: z.enum(['name', '-name', 'state', '-state', 'updatedAt', '-updatedAt']).default('name'),
      state: state.optional(),
      domain: name.optional(),
      /** With this data source among what they list. */
      dataSource: idParam.optional(),
    }),
    status: 200,
    response: page(dataProduct),
    errors: [],
  }),
  get: endpoint({
    method: 'GET',
    path: '/data-products/{id}',
    summary: 'One data product as who manages it sees it',
    needs: readers,
    params,
    status: 200,
    response: dataProductDetail,
    errors: ['data-product-not-found'],
  }),
  create: endpoint({
    method: 'POST',
    path: '/data-products',
    summary: 'Create a data product, as a draft',
    needs: rules.createDataProduct,
    body: productContent,
    status: 201,
    response: dataProductDetail,
    errors: contentErrors,
  }),
  putByKey: endpoint({
    method: 'PUT',
    path: '/data-products/by-key/{key}',
    summary: 'Create or update the data product of that key, JSON or YAML; saying the same again changes nothing',
    needs: rules.createDataProduct,
    params: z.object({ key: productKey }),
    body: keyedContent,
    ifPreview: true,
    status: 200,
    response: dataProductDetail,
    errors: ['data-product-not-found', ...contentErrors, 'data-product-state'],
  }),
  edit: endpoint({
    method: 'PUT',
    path: '/data-products/{id}',
    summary: 'Replace what a data product says by a new version; published, it takes effect at once',
    needs: writers,
    params,
    body: productContent,
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: dataProductDetail,
    errors: [...versionErrors, ...contentErrors, 'data-product-state'],
  }),
  restore: endpoint({
    method: 'POST',
    path: '/data-products/{id}/restore',
    summary: 'A new version that says what an older one said; the state stays',
    needs: writers,
    params,
    body: z.strictObject({ version: versionNumber }),
    ifMatch: true,
    ifPreview: true,
    status: 200,
    response: dataProductDetail,
    errors: [...versionErrors, ...contentErrors, 'data-product-state', 'data-product-version-not-found'],
  }),
  publish: step('publish', 'Open a draft to requests: its data sources are tagged', { ifPreview: true }),
  unpublish: step('unpublish', 'Take a data product back to a draft: its tags and all memberships end', {
    ifPreview: true,
  }),
  suspend: step('suspend', 'Take no new requests; members keep their access', {}),
  resume: step('resume', 'Take requests again', {}),
  retire: step('retire', 'Take no requests ever again; members keep their access until it ends', {}),
  remove: endpoint({
    method: 'DELETE',
    path: '/data-products/{id}',
    summary: 'Delete a data product; one with members only with `revoke=true`, which ends their access',
    needs: writers,
    params,
    query: z.strictObject({ revoke: z.stringbool().default(false) }),
    ifMatch: true,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: [...versionErrors, 'data-product-has-members'],
  }),
  members: endpoint({
    method: 'GET',
    path: '/data-products/{id}/members',
    summary: 'Who has access through a data product, since and until when, by user name',
    needs: readers,
    params,
    query: pageQuery,
    status: 200,
    response: page(member),
    errors: ['data-product-not-found'],
  }),
  versions: endpoint({
    method: 'GET',
    path: '/data-products/{id}/versions',
    summary: 'Every version of a data product, newest first',
    needs: readers,
    params,
    query: pageQuery.omit({ search: true }),
    status: 200,
    response: page(productVersion),
    errors: ['data-product-not-found'],
  }),
  version: endpoint({
    method: 'GET',
    path: '/data-products/{id}/versions/{version}',
    summary: 'One version of a data product, as it was',
    needs: readers,
    params: params.extend({ version: versionNumber }),
    status: 200,
    response: productVersion,
    errors: ['data-product-not-found', 'data-product-version-not-found'],
  }),
  diff: endpoint({
    method: 'GET',
    path: '/data-products/{id}/diff',
    summary: 'What differs between two versions, field by field',
    needs: readers,
    params,
    query: z.strictObject({ from: versionNumber, to: versionNumber }),
    status: 200,
    response: z.object({
      productId,
      from: productVersion,
      to: productVersion,
      changes: z.array(
        z.object({
          field: z.string(),
          before: z.unknown(),
          after: z.unknown(),
          /** Of a list: what the one has that the other lacks. */
          removed: z.array(z.unknown()).optional(),
          added: z.array(z.unknown()).optional(),
        }),
      ),
    }),
    errors: ['data-product-not-found', 'data-product-version-not-found'],
  }),
}
