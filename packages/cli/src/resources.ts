/**
 * Every resource that has commands: which call of the contract each verb makes, and what a table of them shows. Options, arguments
 * and bodies come from the contract itself (`resource-commands.ts`), so that a new field of it is there at once.
 */
import type { api } from '@headgate/core/api'

type Api = typeof api
/** `resource.call` of the contract. */
export type CallName = { [R in keyof Api & string]: `${R}.${keyof Api[R] & string}` }[keyof Api & string]

export interface Resource {
  readonly name: string
  readonly about: string
  /** Heading → path into an item, such as `config.awsAccountId`. */
  readonly columns: Readonly<Record<string, string>>
  /** What people call one by, where it has a numeric id besides. */
  readonly calledBy?: string
  readonly verbs: Readonly<Record<string, CallName>>
  /** A line or two that can be typed as they stand. */
  readonly example: string
}

export const resources: readonly Resource[] = [
  {
    name: 'integration',
    about: 'connections to AWS accounts',
    columns: {
      ID: 'id',
      NAME: 'config.name',
      STATUS: 'status',
      ACCOUNT: 'config.awsAccountId',
      REGION: 'config.awsRegion',
      LOCATION: 'config.awsLocationPath',
    },
    verbs: {
      list: 'integrations.list',
      show: 'integrations.get',
      validate: 'integrations.validate',
      create: 'integrations.create',
      change: 'integrations.update',
      delete: 'integrations.remove',
      setup: 'integrations.setup',
      plan: 'restraint.plan',
      mode: 'restraint.setMode',
      resync: 'drift.resync',
      drift: 'drift.read',
    },
    example: 'headgate integration validate -f integration.yaml && headgate integration create -f integration.yaml',
  },
  {
    name: 'data-source',
    about: 'places in S3 that access is governed to',
    columns: { ID: 'id', NAME: 'name', SCOPE: 'scope', TAGS: 'tags', STATE: 'state', HEALTH: 'health.state' },
    calledBy: 'name',
    verbs: {
      list: 'dataSources.list',
      show: 'dataSources.get',
      create: 'nativeS3.register',
      change: 'dataSources.update',
      delete: 'dataSources.remove',
      check: 'dataSources.check',
      browse: 'dataSources.browse',
      tag: 'dataSources.addTags',
      untag: 'dataSources.removeTags',
      'set-member': 'dataSources.setMember',
      'remove-member': 'dataSources.removeMember',
    },
    example:
      'headgate data-source list --tag Finance --state active\nheadgate data-source tag sales --set tags=[Finance]',
  },
  {
    name: 'user',
    about: 'people',
    columns: {
      ID: 'id',
      USER: 'userid',
      NAME: 'name',
      GROUPS: 'groups',
      PERMISSIONS: 'permissions',
      DISABLED: 'disabled',
    },
    calledBy: 'userid',
    verbs: {
      list: 'users.list',
      show: 'users.get',
      create: 'users.create',
      change: 'users.update',
      delete: 'users.remove',
      permit: 'users.setPermissions',
      'set-principals': 'users.setPrincipals',
      'add-attribute': 'users.addAttribute',
      'remove-attribute': 'users.removeAttribute',
    },
    example:
      'headgate user create --set userid=ann@example.com --set name="Ann Lee"\nheadgate user add-attribute ann@example.com department Finance',
  },
  {
    name: 'group',
    about: 'groups of people',
    columns: { ID: 'id', NAME: 'name', MEMBERS: 'members', PROVIDER: 'provider' },
    calledBy: 'name',
    verbs: {
      list: 'groups.list',
      show: 'groups.get',
      create: 'groups.create',
      change: 'groups.update',
      delete: 'groups.remove',
      members: 'groups.members',
      'add-member': 'groups.addMember',
      'remove-member': 'groups.removeMember',
    },
    example: 'headgate group create --set name=analysts && headgate group add-member analysts 7',
  },
  {
    name: 'tag',
    about: 'tags that data sources carry',
    columns: { NAME: 'name', 'DATA SOURCES': 'dataSources', DESCRIPTION: 'description' },
    verbs: { list: 'tags.list', create: 'tags.create', delete: 'tags.remove' },
    example: 'headgate tag create --set name=Finance.Payroll',
  },
  {
    name: 'domain',
    about: 'parts of the lake with stewards of their own',
    columns: { NAME: 'name', TAGS: 'tags', 'DATA SOURCES': 'dataSources', POLICIES: 'policies' },
    verbs: {
      list: 'domains.list',
      show: 'domains.get',
      create: 'domains.create',
      change: 'domains.edit',
      delete: 'domains.remove',
    },
    example: 'headgate domain create --set name=finance --set tags=[Finance]',
  },
  {
    name: 'policy',
    about: 'who may reach what',
    columns: { ID: 'id', NAME: 'name', KIND: 'kind', LEVEL: 'level', STATE: 'state', VERSION: 'version' },
    calledBy: 'name',
    verbs: {
      list: 'policies.list',
      show: 'policies.get',
      check: 'policies.check',
      create: 'policies.create',
      change: 'policies.edit',
      delete: 'policies.remove',
      activate: 'policies.activate',
      stage: 'policies.stage',
      preview: 'previews.make',
      versions: 'policies.versions',
      diff: 'policies.diff',
    },
    example: "headgate policy create -f policy.yaml && headgate policy activate 'Finance reads finance'",
  },
  {
    name: 'product',
    about: 'data products of the marketplace',
    columns: {
      ID: 'id',
      NAME: 'name',
      STATE: 'state',
      LEVELS: 'levels',
      'DATA SOURCES': 'dataSourceCount',
      MEMBERS: 'members',
    },
    calledBy: 'name',
    verbs: {
      list: 'dataProducts.list',
      show: 'dataProducts.get',
      create: 'dataProducts.create',
      change: 'dataProducts.edit',
      publish: 'dataProducts.publish',
      suspend: 'dataProducts.suspend',
      resume: 'dataProducts.resume',
      retire: 'dataProducts.retire',
      delete: 'dataProducts.remove',
      members: 'dataProducts.members',
      find: 'marketplace.list',
    },
    example: 'headgate product find --search sales',
  },
  {
    name: 'request',
    about: 'requests for access',
    columns: {
      ID: 'id',
      STATE: 'state',
      FOR: 'for',
      PRODUCT: 'dataProduct',
      'DATA SOURCE': 'dataSource',
      LEVEL: 'level',
      UNTIL: 'until',
    },
    verbs: {
      list: 'requests.list',
      show: 'requests.get',
      create: 'requests.askForProduct',
      'create-for-data-source': 'requests.askForDataSource',
      review: 'requests.review',
      decide: 'requests.decide',
      extend: 'requests.extend',
      comment: 'requests.comment',
      comments: 'requests.comments',
      cancel: 'requests.cancel',
      revoke: 'requests.revoke',
    },
    example:
      'headgate request list --box toDecide\nheadgate request decide 12 --set verdict=approve --set duration=30d',
  },
  {
    name: 'grant',
    about: 'S3 Access Grants that Headgate made',
    columns: {
      ID: 'id',
      USER: 'user',
      'DATA SOURCE': 'dataSource',
      SCOPE: 'scope',
      PERMISSION: 'permission',
      STATE: 'state',
      CAUSE: 'cause',
    },
    verbs: { list: 'grants.list' },
    example: 'headgate grant list --state createFailed --all',
  },
  {
    name: 'run',
    about: 'what was made and revoked in AWS, and what the brake holds',
    columns: {
      ID: 'id',
      INTEGRATION: 'integrationId',
      STATE: 'state',
      CREATED: 'created',
      REVOKED: 'revoked',
      FAILED: 'failed',
      HELD: 'held',
      STARTED: 'startedAt',
    },
    verbs: { list: 'runs.list', show: 'runs.get', grants: 'runs.grants', release: 'runs.release' },
    example: 'headgate run list --held true && headgate run release 41',
  },
  {
    name: 'export',
    about: 'access summaries put into a bucket',
    columns: {
      ID: 'id',
      BUCKET: 'bucketName',
      PATH: 'path',
      FORMAT: 'format',
      SCHEDULE: 'schedule',
      NEXT: 'nextRunAt',
    },
    verbs: {
      list: 'accessExports.list',
      show: 'accessExports.get',
      create: 'accessExports.create',
      change: 'accessExports.replace',
      delete: 'accessExports.remove',
      test: 'accessExports.test',
      run: 'accessExports.run',
      runs: 'accessExports.runs',
      setup: 'accessExports.setup',
    },
    example: 'headgate export test 1 && headgate export run 1',
  },
  {
    name: 'report',
    about: 'ready questions',
    columns: { NAME: 'name', TITLE: 'title' },
    verbs: { list: 'reports.list', show: 'reports.read' },
    example: 'headgate report show unmapped-people --json',
  },
]
