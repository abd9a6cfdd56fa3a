/**
 * Preview: what a set of changes would do, exactly, before anything is stored (04).
 *
 * Each change is one write of the API; whoever may make the write may preview it, and GOVERNANCE may preview them all.
 */
import { z } from 'zod'
import { dottedName, id, idParam, instant, instantInput, label, level, name } from './common.ts'
import { dataProducts, productContent, productId } from './data-products.ts'
import { dataSources } from './data-sources.ts'
import { domains } from './domains.ts'
import { endpoint } from './endpoint.ts'
import { mostAtOnce, nativeS3 } from './native-s3.ts'
import { rules } from './needs.ts'
import { newPolicy, policies } from './policies.ts'
import { tags as catalogue } from './tags.ts'
import { users } from './users.ts'

const subject = { user: idParam.optional(), group: idParam.optional() }
const oneSubject = [
  (one: { user?: unknown; group?: unknown }) => (one.user === undefined) !== (one.group === undefined),
  { error: 'needs either `user` or `group`' },
] as const
const attribute = { ...subject, key: label, value: dottedName }
const member = { dataSource: idParam, ...subject }
const tags = z.array(dottedName).min(1).max(100)

const kinds = [
  /** Stored and applied at once. */
  z.strictObject({
    change: z.literal('createPolicy'),
    policy: newPolicy,
  }),
  z.strictObject({
    change: z.literal('editPolicy'),
    id: idParam,
    policy: policies.edit.body.omit({ acknowledge: true }),
  }),
  z.strictObject({
    change: z.enum(['activatePolicy', 'stagePolicy', 'archivePolicy', 'deletePolicy']),
    id: idParam,
  }),
  z.strictObject({
    change: z.literal('restorePolicy'),
    id: idParam,
    version: policies.restore.body.shape.version,
  }),
  z.strictObject({ change: z.literal('createTag'), tag: catalogue.create.body }),
  z.strictObject({ change: z.literal('createDomain'), domain: domains.create.body }),
  z.strictObject({ change: z.enum(['addTags', 'removeTags']), dataSource: idParam, tags }),
  /** On many data sources: on all of them or on none. */
  dataSources.changeTags.body.extend({ change: z.literal('changeTags') }),
  /** The tags whose data sources are in it, from then on. */
  z.strictObject({ change: z.literal('editDomain'), domain: name, tags: z.array(dottedName).max(100) }),
  z.strictObject({ change: z.literal('deleteDomain'), domain: name }),
  z.strictObject({ change: z.enum(['putIntoDomain', 'takeOutOfDomain']), domain: name, dataSource: idParam }),
  z.strictObject({ change: z.enum(['selectPolicy', 'deselectPolicy']), dataSource: idParam, policy: idParam }),
  /** Oneself. */
  z.strictObject({ change: z.literal('subscribe'), dataSource: idParam, level }),
  z.strictObject({ change: z.literal('unsubscribe'), dataSource: idParam, level: level.optional() }),
  z.strictObject({
    change: z.literal('registerDataSources'),
    integrationId: idParam,
    dataSources: z.array(nativeS3.register.items.each).min(1).max(mostAtOnce),
  }),
  z.strictObject({
    change: z.enum(['disableDataSource', 'restoreDataSource', 'deleteDataSource']),
    dataSource: idParam,
  }),
  z
    .strictObject({ change: z.literal('setMember'), ...member, level, until: instantInput.optional() })
    .refine(...oneSubject),
  z.strictObject({ change: z.literal('removeMember'), ...member }).refine(...oneSubject),
  z.strictObject({ change: z.enum(['giveAttribute', 'takeAttribute']), ...attribute }).refine(...oneSubject),
  z.strictObject({ change: z.enum(['addToGroup', 'removeFromGroup']), group: idParam, user: idParam }),
  z.strictObject({ change: z.literal('deleteGroup'), group: idParam }),
  z.strictObject({ change: z.enum(['disableUser', 'enableUser', 'deleteUser']), user: idParam }),
  z.strictObject({ change: z.literal('setPrincipals'), user: idParam, principals: users.setPrincipals.body }),
  z.strictObject({ change: z.literal('editDataProduct'), id: productId, product: productContent }),
  /** By its key, as files say it; it may lead to another state as well. */
  z.strictObject({
    change: z.literal('putDataProduct'),
    key: dataProducts.putByKey.params.shape.key,
    product: dataProducts.putByKey.body,
  }),
  z.strictObject({
    change: z.literal('restoreDataProduct'),
    id: productId,
    version: dataProducts.restore.body.shape.version,
  }),
  z.strictObject({ change: z.enum(['publishDataProduct', 'unpublishDataProduct']), id: productId }),
  /** With `revoke`, the access of its members ends; without it, one that has any is refused. */
  z.strictObject({ change: z.literal('deleteDataProduct'), id: productId, revoke: z.boolean().optional() }),
  /**
   * With `disable`, its data sources are disabled as well; without it, one that has any is refused. So is one with grants
   * in its location that Headgate did not make, without `removeForeign`.
   */
  z.strictObject({
    change: z.literal('deleteIntegration'),
    id: idParam,
    dataSources: z.literal('disable').optional(),
    removeForeign: z.literal('true').optional(),
  }),
] as const

const names = kinds.flatMap(({ shape: { change } }) => ('options' in change ? [...change.options] : [change.value]))
const change = z.union(kinds, { error: `must be one of ${names.join(', ')}, with what it needs` })
export type HypotheticalChange = z.output<typeof change>

const count = z.number().int()

/** What a change does to the grants of one integration. */
export const integrationEffect = z.object({
  integrationId: z.string(),
  name: z.string(),
  grants: z.object({ create: count, revoke: count }),
  /** New entitlements that AWS cannot be told of: no grant until the person has a principal. */
  unmapped: count,
  /** All grants in the account and region afterwards, as far as known, of the quota set at `PUT /capacity/…`. */
  quota: z.object({ usedAfter: count, of: count }),
  /** At the rate of the integration's latest runs; absent where it has had none. */
  estimatedSeconds: z.number().optional(),
})

export const previews = {
  make: endpoint({
    method: 'POST',
    path: '/policies/preview',
    summary: 'What a set of changes, made one after the other, would do; nothing is stored',
    needs: rules.preview,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      cursor: z.string().max(500).optional(),
    }),
    body: z.strictObject({ changes: z.array(change).min(1).max(1000) }),
    status: 200,
    response: z.object({
      /** The change of facts as of which this is so. */
      sequence: count,
      /** Pairs of person and data source. */
      movements: z.object({ gained: count, lost: count, raised: count, lowered: count }),
      /** Raised and lowered: who keeps access to a data source, but with another level. */
      people: z.object({ gaining: count, losing: count, raised: count, lowered: count }),
      dataSources: z.object({ gaining: count, losing: count }),
      entitlements: z.object({ before: count, after: count }),
      integrations: z.array(integrationEffect),
      /** By data source id, then user id; of the data sources that the caller may read. */
      items: z.array(
        z.object({
          user: z.object({ id, userid: z.string(), name: z.string() }),
          dataSource: z.object({ id, name: z.string() }),
          before: level.optional(),
          after: level.optional(),
          /**
           * The active data sources inside its scope, widest first: this access reads them as well (02, `via`). Those
           * that the caller may read; the first 20 of `total`.
           */
          opens: z.object({ total: count, items: z.array(z.object({ id, name: z.string() })) }).optional(),
        }),
      ),
      next: z.string().optional(),
      /** How many items there are in all, on data sources that the caller may read, and on others. */
      total: count,
      hidden: count,
      /** Of exactly who would gain and lose what: equal for equal outcomes. */
      digest: z.string(),
      /** For the header `If-Preview` of the writes previewed, one after the other, each once; on the first page only. */
      token: z.string().optional(),
      expiresAt: instant.optional(),
      /** Why there is no token on the first page. */
      noToken: z.enum(['tooManyChanges', 'tooManyMovements']).optional(),
    }),
    errors: [
      'policy-not-found',
      'policy-version-not-found',
      'policy-invalid',
      'policy-name-taken',
      'policy-protected',
      'policy-archived',
      'integration-not-found',
      'integration-busy',
      'integration-not-usable',
      'integration-has-data-sources',
      'integration-has-foreign-grants',
      'validation-failed',
      'aws-unreachable',
      'aws-refused',
      'data-source-not-found',
      'data-source-disabled',
      'data-sources-invalid',
      'data-source-name-taken',
      'data-source-scope-taken',
      'data-source-overlap',
      'guardrail-would-drop',
      'tag-not-found',
      'tag-exists',
      'domain-exists',
      'domain-not-found',
      'domain-in-use',
      'data-product-not-found',
      'data-product-state',
      'data-product-version-not-found',
      'data-product-invalid',
      'data-product-name-taken',
      'data-product-has-members',
      'request-form-not-found',
      'review-flow-not-found',
      'policy-not-selectable',
      'subscription-not-offered',
      'member-not-found',
      'user-not-found',
      'group-not-found',
      'group-built-in',
      'self-change',
      'last-admin',
      'principal-invalid',
      'principal-taken',
      'name-reserved',
      'not-ready',
    ],
  }),
}
