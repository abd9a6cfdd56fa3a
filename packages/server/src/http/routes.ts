/** Every resource's routes. */
import type { World } from '../world.ts'
import { accessRoutes } from './access.ts'
import { accessExportRoutes } from './access-exports.ts'
import { agreementRoutes } from './agreements.ts'
import { apiKeyRoutes } from './api-keys.ts'
import { auditRoutes } from './audit.ts'
import { auditExportRoutes } from './audit-exports.ts'
import { bulkRoutes } from './bulk.ts'
import { capacityRoutes } from './capacity.ts'
import { dataProductRoutes } from './data-products.ts'
import { dataSourceRoutes } from './data-sources.ts'
import { deploymentRoutes } from './deployment.ts'
import { deviceSignInRoutes } from './device-sign-ins.ts'
import { domainRoutes } from './domains.ts'
import { driftRoutes } from './drift.ts'
import { emailSettingsRoutes } from './email-settings.ts'
import { grantRoutes } from './grants.ts'
import { groupRoutes } from './groups.ts'
import { identityCenterRoutes } from './identity-center.ts'
import { identityProviderRoutes } from './identity-providers.ts'
import { integrationRoutes } from './integrations.ts'
import { marketplaceRoutes } from './marketplace.ts'
import { nativeS3Routes } from './native-s3.ts'
import { notificationRoutes } from './notifications.ts'
import { policyRoutes } from './policies.ts'
import { policyHistoryRoutes } from './policy-history.ts'
import { previewRoutes } from './previews.ts'
import { principalRoutes } from './principals.ts'
import { reportRoutes } from './reports.ts'
import { requestFormRoutes } from './request-forms.ts'
import { requestRoutes } from './requests.ts'
import { restraintRoutes } from './restraint.ts'
import { reviewFlowRoutes } from './review-flows.ts'
import { runRoutes } from './runs.ts'
import { scimSettingsRoutes } from './scim-settings.ts'
import type { Serve } from './serve.ts'
import { sessionRoutes } from './session.ts'
import { setUpRoutes } from './set-up.ts'
import { settingsRoutes } from './settings.ts'
import { signInRoutes } from './sign-in.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { tagRoutes } from './tags.ts'
import { userAccessRoutes } from './user-access.ts'
import { userRoutes } from './users.ts'
import { webhookRoutes } from './webhooks.ts'

export const routes: readonly ((serve: Serve, world: World) => void)[] = [
  integrationRoutes,
  identityCenterRoutes,
  identityProviderRoutes,
  restraintRoutes,
  runRoutes,
  scimSettingsRoutes,
  capacityRoutes,
  nativeS3Routes,
  dataSourceRoutes,
  deploymentRoutes,
  userRoutes,
  principalRoutes,
  userAccessRoutes,
  accessRoutes,
  accessExportRoutes,
  reportRoutes,
  requestRoutes,
  groupRoutes,
  bulkRoutes,
  tagRoutes,
  domainRoutes,
  subscriptionRoutes,
  previewRoutes,
  policyRoutes,
  dataProductRoutes,
  marketplaceRoutes,
  policyHistoryRoutes,
  requestFormRoutes,
  agreementRoutes,
  reviewFlowRoutes,
  grantRoutes,
  auditRoutes,
  auditExportRoutes,
  apiKeyRoutes,
  signInRoutes,
  sessionRoutes,
  setUpRoutes,
  deviceSignInRoutes,
  settingsRoutes,
  emailSettingsRoutes,
  notificationRoutes,
  webhookRoutes,
  driftRoutes,
]
