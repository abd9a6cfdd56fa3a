/** Manual policies: people subscribe to what they qualify for; data owners pick policies made for picking (04). */
import { z } from 'zod'
import { dottedName, id, idParam, instant, level, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

const policies = z.array(z.object({ id, name: z.string() }))
const offer = z.object({
  level,
  /** The manual policies that let the caller in as soon as they subscribe. */
  policies,
})

/** What is shown of a data source to who does not reach it: never where it lies or whose it is. */
const found = z.object({
  id,
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  /** What the caller qualifies for and has not subscribed to. */
  offers: z.array(offer),
})
export type Found = z.output<typeof found>

const subscription = z.object({
  dataSource: z.object({ id, name: z.string() }),
  level,
  subscribedAt: instant,
  /** The manual policies that let the person in by it now; none: it gives nothing at present. */
  policies,
})
export type Subscription = z.output<typeof subscription>

const params = z.object({ id: idParam })
const pick = z.object({ id: idParam, policyId: idParam })

export const subscriptions = {
  discover: endpoint({
    method: 'GET',
    path: '/discoverable',
    summary: 'Data sources that the caller does not reach and may find, or may subscribe to, by name',
    needs: rules.listFindable,
    query: pageQuery.extend({
      /** The tag itself or any of its children. */
      tag: dottedName.optional(),
      /** Only those to which the caller may subscribe; those they reach already too. */
      offered: z.stringbool().optional(),
    }),
    status: 200,
    response: page(found),
    errors: [],
  }),
  find: endpoint({
    method: 'GET',
    path: '/discoverable/{id}',
    summary: 'The same of one data source that the caller may find or read, with their own subscriptions to it',
    needs: rules.findDataSource,
    params,
    status: 200,
    response: found.extend({ subscriptions: z.array(subscription) }),
    errors: ['data-source-not-found'],
  }),
  ofUser: endpoint({
    method: 'GET',
    path: '/users/{id}/subscriptions',
    summary: 'What a person has subscribed to, by data source name; oneself, GOVERNANCE and AUDIT',
    needs: rules.readAccessOfUser,
    params,
    query: pageQuery,
    status: 200,
    response: page(subscription),
    errors: ['user-not-found'],
  }),
  subscribe: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/subscription',
    summary: 'Subscribe oneself at a level that a manual policy offers',
    needs: rules.findDataSource,
    params,
    body: z.strictObject({ level }),
    ifPreview: true,
    status: 200,
    response: subscription,
    errors: ['data-source-not-found', 'data-source-disabled', 'subscription-not-offered'],
  }),
  unsubscribe: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/subscription',
    summary: 'Unsubscribe oneself from one level, or from all; what it gave ends at once',
    needs: rules.unsubscribe,
    params,
    query: z.strictObject({ level: level.optional() }),
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found'],
  }),
  select: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/policies/{policyId}',
    summary: 'Pick a policy that applies to selected data sources; its owners and governors',
    needs: rules.changeDataSource,
    params: pick,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'policy-not-found', 'policy-not-selectable'],
  }),
  deselect: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/policies/{policyId}',
    summary: 'Undo that; only governors take a data source out of the reach of a guardrail',
    needs: rules.changeDataSource,
    params: pick,
    ifPreview: true,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'policy-not-found', 'guardrail-would-drop'],
  }),
}
