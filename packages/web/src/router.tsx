/** Every address of the app. Each screen is a file of its own, loaded when somebody goes there. */
import { createRootRoute, createRoute, createRouter, Outlet, redirect } from '@tanstack/react-router'
import { readAccessSearch } from './access/search.ts'
import { readDeviceSearch } from './account/device-search.ts'
import { isSignedIn } from './api.ts'
import { readAuditSearch } from './audit/search.ts'
import { readProductSearch } from './data-products/search.ts'
import { readDataSourceSearch } from './data-sources/search.ts'
import { readGrantSearch } from './grants/search.ts'
import { readMarketSearch } from './marketplace/search.ts'
import { readGroupSearch } from './people/group-search.ts'
import { readPeopleSearch } from './people/search.ts'
import { readPolicySearch } from './policies/search.ts'
import { readReportSearch } from './reports/search.ts'
import { readRequestSearch } from './requests/search.ts'
import { readRunSearch } from './runs/search.ts'
import { addressInside } from './sign-in/address-inside.ts'
import { readTagSearch } from './tags/search.ts'
import { readTemplateSearch } from './templates/search.ts'
import { lazyRouteComponent } from './ui/lazy-route.ts'
import { readListSearch, textIn } from './ui/list-search.ts'
import { NotFound } from './ui/not-found.tsx'
import { ScreenFailed } from './ui/screen-failed.tsx'

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound })

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: Record<string, unknown>) => ({
    ...textIn(search, 'from'),
    ...textIn(search, 'problem'),
    ...textIn(search, 'provider'),
  }),
  beforeLoad: async ({ search }) => {
    // Signed in already, in another tab perhaps. Where the server does not answer, the page says so itself.
    if (await isSignedIn().catch(() => false)) throw redirect({ href: addressInside(search.from) })
  },
  component: lazyRouteComponent(() => import('./sign-in/sign-in.tsx'), 'SignIn'),
})
const setUp = createRoute({
  getParentRoute: () => root,
  path: '/set-up',
  component: lazyRouteComponent(() => import('./sign-in/set-up.tsx'), 'SetUp'),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: async ({ location }) => {
    if (!(await isSignedIn()))
      throw redirect({ to: '/sign-in', search: location.pathname === '/' ? {} : { from: location.href } })
  },
  component: lazyRouteComponent(() => import('./shell/shell.tsx'), 'Shell'),
})

const inShell = { getParentRoute: () => shell } as const

const home = createRoute({
  ...inShell,
  path: '/',
  component: lazyRouteComponent(() => import('./home/home.tsx'), 'Home'),
})
const integrations = createRoute({
  ...inShell,
  path: '/integrations',
  component: lazyRouteComponent(() => import('./integrations/integration-list.tsx'), 'IntegrationList'),
})
const newIntegration = createRoute({
  ...inShell,
  path: '/integrations/new',
  component: lazyRouteComponent(() => import('./integrations/new-integration.tsx'), 'NewIntegration'),
})
const integration = createRoute({
  ...inShell,
  path: '/integrations/$id',
  component: lazyRouteComponent(() => import('./integrations/integration-page.tsx'), 'IntegrationPage'),
})
const dataSources = createRoute({
  ...inShell,
  path: '/data-sources',
  validateSearch: readDataSourceSearch,
  component: lazyRouteComponent(() => import('./data-sources/data-source-list.tsx'), 'DataSourceList'),
})
const registerDataSources = createRoute({
  ...inShell,
  path: '/data-sources/register',
  component: lazyRouteComponent(() => import('./data-sources/register.tsx'), 'RegisterDataSources'),
})
const bulkTags = createRoute({
  ...inShell,
  path: '/data-sources/tags',
  validateSearch: readDataSourceSearch,
  component: lazyRouteComponent(() => import('./data-sources/bulk-tags.tsx'), 'BulkTags'),
})
const dataSource = createRoute({
  ...inShell,
  path: '/data-sources/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./data-sources/data-source-page.tsx'), 'DataSourcePage'),
})
const find = createRoute({
  ...inShell,
  path: '/find',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./data-sources/find.tsx'), 'FindData'),
})
const found = createRoute({
  ...inShell,
  path: '/find/$id',
  component: lazyRouteComponent(() => import('./data-sources/found-page.tsx'), 'FoundPage'),
})
const tags = createRoute({
  ...inShell,
  path: '/tags',
  validateSearch: readTagSearch,
  component: lazyRouteComponent(() => import('./tags/tag-list.tsx'), 'TagList'),
})
const marketplace = createRoute({
  ...inShell,
  path: '/marketplace',
  validateSearch: readMarketSearch,
  component: lazyRouteComponent(() => import('./marketplace/marketplace.tsx'), 'Marketplace'),
})
const marketProduct = createRoute({
  ...inShell,
  path: '/marketplace/$id',
  component: lazyRouteComponent(() => import('./marketplace/product-page.tsx'), 'ProductPage'),
})
const requests = createRoute({
  ...inShell,
  path: '/requests',
  validateSearch: readRequestSearch,
  component: lazyRouteComponent(() => import('./requests/request-list.tsx'), 'RequestList'),
})
const request = createRoute({
  ...inShell,
  path: '/requests/$id',
  component: lazyRouteComponent(() => import('./requests/request-page.tsx'), 'RequestPage'),
})
const dataProducts = createRoute({
  ...inShell,
  path: '/data-products',
  validateSearch: readProductSearch,
  component: lazyRouteComponent(() => import('./data-products/product-list.tsx'), 'DataProductList'),
})
const dataProduct = createRoute({
  ...inShell,
  path: '/data-products/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./data-products/product-page.tsx'), 'DataProductPage'),
})
const requestForms = createRoute({
  ...inShell,
  path: '/request-forms',
  validateSearch: readTemplateSearch,
  component: lazyRouteComponent(() => import('./templates/request-forms.tsx'), 'RequestForms'),
})
const agreements = createRoute({
  ...inShell,
  path: '/agreements',
  validateSearch: readTemplateSearch,
  component: lazyRouteComponent(() => import('./templates/agreements.tsx'), 'Agreements'),
})
const reviewFlows = createRoute({
  ...inShell,
  path: '/review-flows',
  validateSearch: readTemplateSearch,
  component: lazyRouteComponent(() => import('./templates/review-flows.tsx'), 'ReviewFlows'),
})
const domains = createRoute({
  ...inShell,
  path: '/domains',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./domains/domain-list.tsx'), 'DomainList'),
})
const domain = createRoute({
  ...inShell,
  path: '/domains/$name',
  component: lazyRouteComponent(() => import('./domains/domain-page.tsx'), 'DomainPage'),
})
const policies = createRoute({
  ...inShell,
  path: '/policies',
  validateSearch: readPolicySearch,
  component: lazyRouteComponent(() => import('./policies/policy-list.tsx'), 'PolicyList'),
})
const newPolicy = createRoute({
  ...inShell,
  path: '/policies/new',
  component: lazyRouteComponent(() => import('./policies/new-policy.tsx'), 'NewPolicy'),
})
const policy = createRoute({
  ...inShell,
  path: '/policies/$id',
  component: lazyRouteComponent(() => import('./policies/policy-page.tsx'), 'PolicyPage'),
})
const people = createRoute({
  ...inShell,
  path: '/people',
  validateSearch: readPeopleSearch,
  component: lazyRouteComponent(() => import('./people/people-list.tsx'), 'PeopleList'),
})
const person = createRoute({
  ...inShell,
  path: '/people/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./people/person-page.tsx'), 'PersonPage'),
})
const group = createRoute({
  ...inShell,
  path: '/groups/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./people/group-page.tsx'), 'GroupPage'),
})
const account = createRoute({
  ...inShell,
  path: '/account',
  component: lazyRouteComponent(() => import('./account/account-page.tsx'), 'AccountPage'),
})
const device = createRoute({
  ...inShell,
  path: '/device',
  validateSearch: readDeviceSearch,
  component: lazyRouteComponent(() => import('./account/device-page.tsx'), 'DevicePage'),
})
const settings = createRoute({
  ...inShell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/settings-page.tsx'), 'SettingsPage'),
})
const email = createRoute({
  ...inShell,
  path: '/settings/e-mail',
  component: lazyRouteComponent(() => import('./settings/email-page.tsx'), 'EmailPage'),
})
const webhooks = createRoute({
  ...inShell,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./webhooks/webhook-list.tsx'), 'WebhookList'),
})
const webhook = createRoute({
  ...inShell,
  path: '/webhooks/$id',
  component: lazyRouteComponent(() => import('./webhooks/webhook-page.tsx'), 'WebhookPage'),
})
const inbox = createRoute({
  ...inShell,
  path: '/inbox',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./inbox/inbox-page.tsx'), 'InboxPage'),
})
const providers = createRoute({
  ...inShell,
  path: '/identity-providers',
  component: lazyRouteComponent(() => import('./providers/provider-list.tsx'), 'ProviderList'),
})
const provider = createRoute({
  ...inShell,
  path: '/identity-providers/$id',
  component: lazyRouteComponent(() => import('./providers/provider-page.tsx'), 'ProviderPage'),
})
const importPeople = createRoute({
  ...inShell,
  path: '/people/files',
  component: lazyRouteComponent(() => import('./bulk/files-page.tsx'), 'FilesPage'),
})
const advice = createRoute({
  ...inShell,
  path: '/people/advice',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./advice/advice-page.tsx'), 'AdvicePage'),
})
const newPerson = createRoute({
  ...inShell,
  path: '/people/new',
  component: lazyRouteComponent(() => import('./people/new-person.tsx'), 'NewPerson'),
})
const groups = createRoute({
  ...inShell,
  path: '/groups',
  validateSearch: readGroupSearch,
  component: lazyRouteComponent(() => import('./people/group-list.tsx'), 'GroupList'),
})
const access = createRoute({
  ...inShell,
  path: '/access',
  validateSearch: readAccessSearch,
  component: lazyRouteComponent(() => import('./access/access-page.tsx'), 'AccessPage'),
})
const reports = createRoute({
  ...inShell,
  path: '/reports',
  component: lazyRouteComponent(() => import('./reports/report-list.tsx'), 'ReportList'),
})
const report = createRoute({
  ...inShell,
  path: '/reports/$name',
  validateSearch: readReportSearch,
  component: lazyRouteComponent(() => import('./reports/report-page.tsx'), 'ReportPage'),
})
const runs = createRoute({
  ...inShell,
  path: '/runs',
  validateSearch: readRunSearch,
  component: lazyRouteComponent(() => import('./runs/run-list.tsx'), 'RunList'),
})
const audit = createRoute({
  ...inShell,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./audit/audit-list.tsx'), 'AuditList'),
})
const auditSigning = createRoute({
  ...inShell,
  path: '/audit/signing',
  component: lazyRouteComponent(() => import('./audit/signing-page.tsx'), 'AuditSigning'),
})
const run = createRoute({
  ...inShell,
  path: '/runs/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./runs/run-page.tsx'), 'RunPage'),
})
const exportList = createRoute({
  ...inShell,
  path: '/exports',
  component: lazyRouteComponent(() => import('./exports/export-list.tsx'), 'ExportList'),
})
const newExport = createRoute({
  ...inShell,
  path: '/exports/new',
  component: lazyRouteComponent(() => import('./exports/new-export.tsx'), 'NewExport'),
})
const exportPage = createRoute({
  ...inShell,
  path: '/exports/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./exports/export-page.tsx'), 'ExportPage'),
})
const newAuditExport = createRoute({
  ...inShell,
  path: '/exports/audit/new',
  component: lazyRouteComponent(() => import('./exports/new-audit-export.tsx'), 'NewAuditExport'),
})
const auditExport = createRoute({
  ...inShell,
  path: '/exports/audit/$id',
  validateSearch: readListSearch,
  component: lazyRouteComponent(() => import('./exports/audit-export-page.tsx'), 'AuditExportPage'),
})
const grants = createRoute({
  ...inShell,
  path: '/grants',
  validateSearch: readGrantSearch,
  component: lazyRouteComponent(() => import('./grants/grant-list.tsx'), 'GrantList'),
})

const routeTree = root.addChildren([
  signIn,
  setUp,
  shell.addChildren([
    home,
    integrations,
    newIntegration,
    integration,
    dataSources,
    registerDataSources,
    bulkTags,
    dataSource,
    find,
    found,
    marketplace,
    marketProduct,
    requests,
    request,
    tags,
    dataProducts,
    dataProduct,
    requestForms,
    agreements,
    reviewFlows,
    domains,
    domain,
    policies,
    newPolicy,
    policy,
    people,
    person,
    group,
    account,
    device,
    settings,
    email,
    webhooks,
    webhook,
    inbox,
    providers,
    provider,
    importPeople,
    advice,
    newPerson,
    groups,
    access,
    reports,
    report,
    runs,
    audit,
    auditSigning,
    run,
    exportList,
    newExport,
    exportPage,
    newAuditExport,
    auditExport,
    grants,
  ]),
])

export function createAppRouter() {
  return createRouter({
    routeTree,
    basepath: '/app',
    defaultPreload: 'intent',
    scrollRestoration: true,
    defaultErrorComponent: ScreenFailed,
  })
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>
  }
}
