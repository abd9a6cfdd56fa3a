/** The HTTP contract: every resource with its routes. */

import { accessExports } from './access-exports.ts'
import { agreements } from './agreements.ts'
import { apiKeys } from './api-keys.ts'
import { audit } from './audit.ts'
import { auditExports } from './audit-exports.ts'
import { bulk } from './bulk.ts'
import { capacity } from './capacity.ts'
import { dataProducts } from './data-products.ts'
import { dataSources } from './data-sources.ts'
import { deployment } from './deployment.ts'
import { deviceSignIns } from './device-sign-ins.ts'
import { domains } from './domains.ts'
import { drift } from './drift.ts'
import { emailSettings } from './email-settings.ts'
import { access } from './explain.ts'
import { grants } from './grants.ts'
import { identityCenter } from './identity-center.ts'
import { identityProviders } from './identity-providers.ts'
import { notifications } from './inbox.ts'
import { integrations } from './integrations.ts'
import { marketplace } from './marketplace.ts'
import { nativeS3 } from './native-s3.ts'
import { pastAccess } from './past-access.ts'
import { policies } from './policies.ts'
import { previews } from './preview.ts'
import { principalAdvice, principals } from './principals.ts'
import { reports } from './reports.ts'
import { requestForms } from './request-forms.ts'
import { requests } from './requests.ts'
import { restraint } from './restraint.ts'
import { reviewFlows } from './review-flows.ts'
import { runs } from './runs.ts'
import { scimSettingsRoutes } from './scim-settings.ts'
import { session, sessions } from './session.ts'
import { setUp } from './set-up.ts'
import { settings } from './settings.ts'
import { providerSignIn } from './sign-in.ts'
import { subscriptions } from './subscriptions.ts'
import { tags } from './tags.ts'
import { groups, users } from './users.ts'
import { webhooks } from './webhooks.ts'

export const api = {
  integrations,
  identityCenter,
  identityProviders,
  scimSettings: scimSettingsRoutes,
  restraint,
  runs,
  capacity,
  nativeS3,
  dataSources,
  users,
  principals,
  principalAdvice,
  groups,
  bulk,
  tags,
  domains,
  policies,
  dataProducts,
  marketplace,
  subscriptions,
  previews,
  requestForms,
  agreements,
  reviewFlows,
  grants,
  audit,
  auditExports,
  access,
  pastAccess,
  accessExports,
  reports,
  requests,
  apiKeys,
  deviceSignIns,
  providerSignIn,
  session,
  sessions,
  setUp,
  settings,
  emailSettings,
  notifications,
  webhooks,
  deployment,
  drift,
}
