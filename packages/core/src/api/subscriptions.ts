/** Manual policies: people subscribe to what they qualify for; data owners pick policies made for picking (04). */
import { z } from 'zod'
import { id, idParam, instant, level, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'

const source = z.object({ id, name: z.string(), description: z.string(), tags: z.array(z.string()) })
const policies = z.array(z.object({ id, name: z.string() }))

const subscription = z.object({
  dataSource: z.object({ id, name: z.string() }),
  level,
  subscribedAt: instant,
  /** The manual policies that it answers now; none: it gives nothing at present. */
  policies,
})
export type Subscription = z.output<typeof subscription>

const params = z.object({ id: idParam })
const pick = z.object({ id: idParam, policyId: idParam })

export const subscriptions = {
  offers: endpoint({
    method: 'GET',
    path: '/subscriptions/offers',
    summary: 'What the caller qualifies for and has not subscribed to, by data source name',
    needs: 'signedIn',
    query: pageQuery,
    status: 200,
    response: page(z.object({ dataSource: source, level, policies })),
    errors: [],
  }),
  ofUser: endpoint({
    method: 'GET',
    path: '/users/{id}/subscriptions',
    summary: 'What a person has subscribed to, by data source name; oneself, GOVERNANCE and AUDIT',
    needs: 'signedIn',
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
    needs: 'signedIn',
    params,
    body: z.strictObject({ level }),
    status: 200,
    response: subscription,
    errors: ['data-source-not-found', 'data-source-disabled', 'subscription-not-offered'],
  }),
  unsubscribe: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/subscription',
    summary: 'Unsubscribe oneself from one level, or from all; what it gave ends at once',
    needs: 'signedIn',
    params,
    query: z.strictObject({ level: level.optional() }),
    status: 204,
    response: nothing,
    errors: ['data-source-not-found'],
  }),
  select: endpoint({
    method: 'PUT',
    path: '/data-sources/{id}/policies/{policyId}',
    summary: 'Pick a policy that applies to selected data sources; its owners and governors',
    needs: 'signedIn',
    params: pick,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'policy-not-found', 'policy-not-selectable'],
  }),
  deselect: endpoint({
    method: 'DELETE',
    path: '/data-sources/{id}/policies/{policyId}',
    summary: 'Undo that; only governors take a data source out of the reach of a guardrail',
    needs: 'signedIn',
    params: pick,
    status: 204,
    response: nothing,
    errors: ['data-source-not-found', 'policy-not-found', 'guardrail-would-drop'],
  }),
}
