/**
 * One call of every route of the contract in the world of the table, such that somebody's is answered with success.
 * A route without one fails the table: add it here, about `here` or what belongs to it wherever it is about a thing.
 */
import { api, type Caller, type Endpoint } from '@headgate/core/api'
import { integrationBody } from '../support/aws-account.ts'
import { password } from '../support/password.ts'
import type { Sent } from '../support/taken-back.ts'
import type { World } from './world.ts'

type Inputs = { readonly [R in keyof Caller]?: { readonly [N in keyof Caller[R]]?: InputOf<Caller[R][N]> } }
type InputOf<Call> = Call extends (input: infer I) => unknown
  ? I
  : Call extends (input?: infer I) => unknown
    ? I
    : never

const rule = { kind: 'grant', level: 'READ', who: { when: "@isUser('nobody')" } } as const
const all = { appliesTo: { everything: true } } as const
const everyDay = { reason: 'works there', level: 'READ' } as const

export function requestsIn(w: World): Inputs {
  const integration = { params: { id: w.integration } }
  const here = { params: { id: w.here } }
  const user = { params: { id: w.mia.id } }
  const member = { params: { id: w.here, userId: w.mia.id } }
  const home = { params: { name: 'Home' } }
  const provider = { params: { id: w.provider } }
  const bare = { params: { id: w.bare } }
  const onStaged = { params: { id: w.policies.staged.id }, ifMatch: '1' }
  const onActive = { params: { id: w.policies.ofHome.id }, ifMatch: '1' }
  const onDraft = { params: { id: w.products.draft.id }, ifMatch: '1' }
  const onProduct = { params: { id: w.products.published.id }, ifMatch: '2' }
  const team = { params: { id: w.spare } }
  const attribute = { key: 'Department', value: 'Finance' }
  const trail = { params: { id: w.trailExport } }
  const summary = { params: { id: w.summary } }
  const none = {} as const
  const webhook = { params: { id: w.webhook } }
  const hook = { name: 'another', url: 'https://8.8.8.8/hook', kinds: ['brake.held' as const] }
  const email = {
    ...{ enabled: false, host: null, port: 587, security: 'starttls' as const, username: null, sender: null },
    ...{ caCertificate: null, mostPerMinute: 100 },
  } as const
  return {
    integrations: {
      create: { body: integrationBody(w.unconnected, { name: 'second', awsLocationPath: 's3://other-data' }) },
      validate: { body: integrationBody(w.unconnected, { name: 'second', awsLocationPath: 's3://other-data' }) },
      startTrial: { body: integrationBody(w.unconnected, { name: 'second', awsLocationPath: 's3://other-data' }) },
      watchTrial: { params: { id: '00000000-0000-4000-8000-000000000000' } },
      cancelTrial: { params: { id: '00000000-0000-4000-8000-000000000000' } },
      prepareSetup: {
        body: { awsAccountId: '111122223333', awsRegion: 'us-east-1', awsLocationPath: 's3://research-data' } as never,
      },
      list: none,
      get: integration,
      status: integration,
      update: { ...integration, ifMatch: '1', body: { config: { name: 'renamed' } } },
      setup: integration,
      remove: { ...integration, query: { dataSources: 'disable', force: 'true' } },
    },
    identityCenter: {
      get: integration,
      associate: { ...integration, body: { instanceArn: 'arn:aws:sso:::instance/ssoins-1234567890abcdef' } },
      dissociate: integration,
    },
    identityProviders: {
      list: none,
      get: provider,
      create: { body: { name: 'another' } },
      replace: { ...bare, ifMatch: '1', body: { attributeKeys: ['Department'] } },
      remove: bare,
      check: provider,
      people: provider,
      link: { params: { id: w.provider, userId: w.mia.id }, body: {} },
      unlink: { params: { id: w.provider, userId: w.tess.id } },
    },
    scimSettings: { get: provider, replace: { ...bare, body: {} }, remove: provider, rotateToken: provider },
    restraint: {
      list: none,
      get: integration,
      setMode: { ...integration, body: { mode: 'observe' } },
      setBrake: { ...integration, body: { revocations: 7, percent: 3 } },
      plan: integration,
    },
    runs: { list: none, get: integration, grants: integration, events: none, release: integration },
    capacity: {
      list: none,
      setQuotas: {
        params: { awsAccountId: '111122223333', awsRegion: 'us-east-1' },
        body: { grants: 200_000, locations: 2000 },
      },
    },
    nativeS3: {
      register: {
        body: {
          type: 'Native S3',
          integrationId: w.integration,
          dataSources: [{ dataSourceName: 'new', prefix: '/new/*' }],
        },
      },
      get: here,
    },
    dataSources: {
      list: none,
      get: here,
      access: here,
      browse: integration,
      update: { ...here, body: { description: 'another' } },
      check: here,
      changeTags: { body: { dataSourceIds: [w.here], add: ['Unused'] } },
      setOwner: { params: { id: w.here, userId: w.quin.id } },
      removeOwner: { params: { id: w.here, userId: w.ann.id } },
      setGroupOwner: { params: { id: w.here, groupId: w.spare } },
      removeGroupOwner: { params: { id: w.here, groupId: w.stewards } },
      addTags: { ...here, body: { tags: ['Unused'] } },
      removeTags: { ...here, body: { tags: ['Finance'] } },
      setMember: { params: { id: w.here, userId: w.quin.id }, body: everyDay },
      removeMember: member,
      setGroupMember: { params: { id: w.here, groupId: w.stewards }, body: everyDay },
      removeGroupMember: { params: { id: w.here, groupId: w.spare } },
      remove: here,
      removeInSteps: here,
      restore: { params: { id: w.off } },
    },
    users: {
      me: none,
      list: none,
      get: user,
      access: user,
      create: { body: { userid: 'newcomer', name: 'Newcomer' } },
      update: { ...user, body: { name: 'Mia Lee' } },
      remove: user,
      setPermissions: { ...user, body: { permissions: ['AUDIT'] } },
      setPrincipals: {
        ...user,
        body: [{ kind: 'iamUser', identifier: 'arn:aws:iam::111122223333:user/headgate-controller' }],
      },
      addAttribute: { params: { id: w.mia.id, ...attribute } },
      removeAttribute: { params: { id: w.mia.id, key: 'Team', value: 'Blue' } },
    },
    principals: { read: user, check: user, confirm: { ...user, body: {} as never } },
    principalAdvice: { list: none, ofUser: user, accounts: none, check: none },
    groups: {
      list: none,
      get: team,
      members: team,
      create: { body: { name: 'Newcomers' } },
      update: { ...team, body: { description: 'another' } },
      remove: team,
      addMember: { params: { id: w.spare, userId: w.quin.id } },
      removeMember: { params: { id: w.spare, userId: w.mia.id } },
      addAttribute: { params: { id: w.spare, ...attribute } },
      removeAttribute: { params: { id: w.spare, key: 'Team', value: 'Blue' } },
    },
    bulk: {
      export: { params: { kind: 'people' } },
      import: { params: { kind: 'people' }, body: 'user,name\r\nimported,Imported\r\n' },
    },
    tags: {
      list: none,
      create: { body: { name: 'Fresh' } },
      remove: { params: { name: 'Unused' } },
    },
    domains: {
      list: none,
      get: home,
      create: { body: { name: 'Third' } },
      edit: { ...home, body: { description: 'another' } },
      remove: { params: { name: 'Empty' } },
      addDataSource: { params: { name: 'Home', id: w.there } },
      removeDataSource: { params: { name: 'Home', id: w.here } },
      setUserRights: { params: { name: 'Home', userId: w.mia.id }, body: { rights: ['AUDIT_ACTIVITY'] } },
      removeUserRights: { params: { name: 'Home', userId: w.tess.id } },
      setGroupRights: { params: { name: 'Home', groupId: w.spare }, body: { rights: ['AUDIT_ACTIVITY'] } },
      removeGroupRights: { params: { name: 'Home', groupId: w.listed } },
    },
    policies: {
      list: none,
      get: onActive,
      create: { body: { ...rule, ...all, name: 'new', domain: 'Home' } },
      check: { body: { who: { everyone: true } } },
      names: { query: { kind: 'key' } },
      edit: { ...onActive, body: { ...rule, ...all, name: 'of home', description: 'another' } },
      activate: onStaged,
      stage: onActive,
      archive: onActive,
      clone: { ...onActive, body: { name: 'copy' } },
      restore: { ...onActive, body: { version: 1 } },
      remove: onActive,
      versions: onActive,
      version: { params: { id: w.policies.ofHome.id, version: 1 } },
      diff: { ...onActive, query: { from: 1, to: 1 } },
    },
    subscriptions: {
      discover: none,
      find: here,
      ofUser: user,
      subscribe: { ...here, body: { level: 'READ' } },
      unsubscribe: here,
      select: { params: { id: w.here, policyId: w.policies.pick.id } },
      deselect: { params: { id: w.here, policyId: w.policies.picked.id } },
    },
    dataProducts: {
      list: none,
      get: onDraft,
      create: { body: { name: 'new', domain: 'Home', dataSources: [w.here] } },
      putByKey: { params: { key: 'new' }, body: { name: 'new', domain: 'Home', dataSources: ['here'] } },
      edit: { ...onDraft, body: { name: 'draft', domain: 'Home', description: 'another' } },
      restore: { ...onDraft, body: { version: 1 } },
      publish: onDraft,
      unpublish: onProduct,
      suspend: onProduct,
      resume: onProduct,
      retire: onProduct,
      remove: onDraft,
      members: onProduct,
      versions: onDraft,
      version: { params: { id: w.products.draft.id, version: 1 } },
      diff: { ...onDraft, query: { from: 1, to: 1 } },
    },
    requests: {
      askForProduct: {
        params: { id: w.products.published.id },
        body: { answers: { purpose: 'a report' }, duration: '30d' },
      },
      askForDataSource: { ...here, body: { level: 'WRITE', answers: { purpose: 'a report' } } },
      statusOfProduct: { params: { id: w.products.published.id }, query: {} },
      statusOfDataSource: { ...here, query: { level: 'WRITE' } },
      beneficiaries: none,
      list: none,
      ofProduct: { params: { id: w.products.published.id } },
      get: { params: { id: w.requests.pending } },
      review: { params: { id: w.requests.pending } },
      decide: { params: { id: w.requests.pending }, body: { verdict: 'approve' } },
      comments: { params: { id: w.requests.pending } },
      comment: { params: { id: w.requests.pending }, body: { text: 'please' } },
      cancel: { params: { id: w.requests.pending }, body: {} },
      revoke: { params: { id: w.requests.approved }, body: { reason: 'moved on' } },
      extend: { params: { id: w.requests.approved } },
    },
    marketplace: { list: none, get: { params: { id: w.products.published.id } } },
    previews: { make: { body: { changes: [{ change: 'addTags', dataSource: w.here, tags: ['Unused'] }] } } },
    requestForms: templateCalls(w.templates.form, { name: 'another form' }),
    agreements: templateCalls(w.templates.agreement, { name: 'another agreement', text: 'Be very careful.' }),
    reviewFlows: {
      ...templateCalls(w.templates.flow, { name: 'another flow', otherwise: { approve: {} } }),
      check: { body: { otherwise: { approve: {} } } },
      tryOut: { params: { id: w.templates.flow }, body: { beneficiary: w.mia.id } },
    },
    grants: { list: none },
    audit: {
      list: none,
      stream: none,
      trail: none,
      state: none,
      keys: none,
      rotateKey: none,
      get: { params: { id: w.event } },
    },
    auditExports: {
      list: none,
      get: trail,
      create: { body: { ...w.trailPlace, path: 'another' } },
      replace: { ...trail, ifMatch: '1', body: { ...w.trailPlace, intervalHours: 2 } },
      remove: trail,
      test: trail,
      run: trail,
      objects: trail,
      prepareSetup: {
        query: {
          bucketName: w.account.bucket,
          region: w.account.region,
          principal: 'arn:aws:iam::111122223333:user/exporter',
        },
      },
      setup: trail,
    },
    accessExports: {
      list: none,
      get: summary,
      create: { body: { ...w.trailPlace, path: 'another' } },
      replace: { ...summary, ifMatch: '1', body: { ...w.trailPlace, format: 'jsonl' as const } },
      remove: summary,
      test: summary,
      run: summary,
      runs: summary,
      prepareSetup: {
        query: {
          bucketName: w.account.bucket,
          region: w.account.region,
          principal: 'arn:aws:iam::111122223333:user/exporter',
        },
      },
      setup: summary,
    },
    access: {
      explain: { query: { user: w.mia.id, dataSource: w.here } },
      who: { query: { dataSource: w.here } },
      what: { query: { user: w.mia.id } },
    },
    pastAccess: { at: { query: { dataSource: w.here } } },
    reports: {
      list: none,
      read: { params: { name: 'unmapped-people' } },
      csv: { params: { name: 'unmapped-people' } },
    },
    apiKeys: {
      list: none,
      listOf: user,
      create: { body: { name: 'another', userId: w.mia.id } },
      revoke: { params: { id: w.annsKey } },
    },
    deviceSignIns: {
      begin: { body: { device: 'laptop' } },
      poll: { body: { deviceCode: w.deviceCode } },
      look: { body: { userCode: w.userCode } },
      decide: { body: { userCode: w.userCode, verdict: 'deny' } },
    },
    providerSignIn: { providers: none, begin: provider, end: provider },
    session: {
      ways: none,
      start: { body: { userid: 'mia', password } },
      get: none,
      end: none,
      changePassword: { body: { current: password, password: 'correct horse battery staple' } },
    },
    sessions: {
      list: none,
      endOthers: none,
      end: { params: { id: w.annsSession } },
      listOf: user,
      endOf: { params: { id: w.ann.id } },
    },
    setUp: {
      link: user,
      look: { body: { token: w.token } },
      use: { body: { token: w.token, password } },
    },
    settings: {
      get: none,
      replace: {
        ifMatch: '1',
        body: {
          publicUrl: null,
          localAccounts: true,
          separationOfDuties: false,
          sessionIdleMinutes: 60,
          sessionHours: 12,
        },
      },
    },
    notifications: {
      list: none,
      unread: none,
      events: none,
      read: { params: { id: w.notice } },
      unreadAgain: { params: { id: w.notice } },
      readAll: { body: { upTo: w.notice } },
      preferences: none,
      choose: { body: { items: [{ kind: 'product.changed', inbox: false, email: false }] } },
    },
    emailSettings: {
      get: none,
      replace: { ifMatch: '1', body: email },
      test: none,
    },
    webhooks: {
      list: none,
      get: webhook,
      create: { body: hook },
      replace: { ...webhook, ifMatch: '1', body: hook },
      remove: webhook,
      pause: webhook,
      resume: webhook,
      rotateSecret: { ...webhook, body: {} },
      test: webhook,
      deliveries: webhook,
      redeliver: { params: { ...webhook.params, deliveryId: w.delivery } },
    },
    deployment: { tenant: none, verifyIndex: none, live: none, ready: none },
    drift: {
      resync: integration,
      read: integration,
      foreign: integration,
      removeForeign: { params: { id: w.integration, grantId: 'none' } },
    },
  }
}

/** Forms, agreements and review flows are called alike. */
function templateCalls<Body>(id: number, body: Body) {
  const one = { params: { id } }
  return {
    list: {},
    get: one,
    create: { body },
    edit: { ...one, ifMatch: '1', body },
    remove: { ...one, ifMatch: '1' },
    usedBy: one,
    versions: one,
    version: { params: { id, version: 1 } },
    diff: { ...one, query: { from: 1, to: 1 } },
  }
}

/** Calls of the same routes about something of another kind. */
function alsoIn(w: World): readonly { readonly kind: Kind; readonly inputs: Inputs }[] {
  const local = { params: { id: w.policies.ofSource.id }, ifMatch: '1' }
  const pick = { params: { id: w.policies.pick.id }, ifMatch: '1' }
  const ofSource: Inputs['policies'] = {
    get: local,
    create: { body: { ...rule, name: 'new', dataSource: w.here } as never },
    edit: { ...local, body: { ...rule, name: 'of here', description: 'another' } as never },
    stage: local,
    archive: local,
    clone: { ...local, body: { name: 'copy' } },
    restore: { ...local, body: { version: 1 } },
    remove: local,
    versions: local,
    version: { params: { id: w.policies.ofSource.id, version: 1 } },
    diff: { ...local, query: { from: 1, to: 1 } },
  }
  return [
    { kind: 'policyOfSource', inputs: { policies: ofSource } },
    { kind: 'policyToPick', inputs: { policies: { get: pick, stage: pick } } },
  ]
}

/** What a call is about, where it matters to who is what to it. */
export type Kind = 'policyOfDomain' | 'policyOfSource' | 'policyToPick' | 'stagedPolicy' | 'disabledDataSource'

/** What nobody is to it. */
export const lacks: { readonly [K in Kind]: { readonly relations: readonly string[]; readonly rights?: true } } = {
  policyOfDomain: { relations: ['policy:registeringOwner', 'policy:picking'] },
  policyOfSource: { relations: ['policy:picking'], rights: true },
  policyToPick: { relations: ['policy:registeringOwner', 'policy:lookingAfter'], rights: true },
  stagedPolicy: { relations: ['policy:registeringOwner', 'policy:picking', 'policy:lookingAfter'] },
  disabledDataSource: { relations: ['dataSource:reaches'] },
}

function kindOf(route: string): Kind | undefined {
  if (route === 'dataSources.restore') return 'disabledDataSource'
  if (route === 'policies.activate') return 'stagedPolicy'
  return route.startsWith('policies.') && route !== 'policies.check' ? 'policyOfDomain' : undefined
}

/** Routes of which nobody's call succeeds in this world, and why. */
export const neverDone: Readonly<Record<string, string>> = {
  'integrations.watchTrial': 'checks are told to whoever began them, and here each belongs to somebody else',
  'integrations.cancelTrial': 'the same',
  'runs.get': 'nothing is carried out here, so there is no run',
  'runs.grants': 'nothing is carried out here, so there is no run',
  'runs.release': 'nothing is carried out here, so nothing is held',
  'drift.removeForeign': 'AWS is not compared here, so no foreign grant is known',
  'identityCenter.associate': 'the account has no Identity Center',
  'emailSettings.test': 'there is no mail server here',
  'dataProducts.resume': 'no data product is suspended here',
  'principals.confirm': 'no principal came back as somebody else',
}

/** Writes that leave no event in the audit trail, and why. */
export const unaudited: Readonly<Record<string, string>> = {
  'integrations.validate': 'asks AWS and stores nothing',
  'integrations.startTrial': 'asks AWS and keeps nothing but how that went, for a day',
  'integrations.prepareSetup': 'makes documents and stores nothing',
  'identityCenter.dissociate': 'there is no association here, so nothing changes',
  'identityProviders.check': 'asks the provider and stores nothing',
  'dataSources.check': 'looks at AWS: what is found there is no act of somebody',
  'principals.check': 'looks at AWS: what is found there is no act of somebody',
  'principalAdvice.check': 'has AWS looked at sooner',
  'policies.check': 'stores nothing',
  'reviewFlows.check': 'stores nothing',
  'reviewFlows.tryOut': 'stores nothing',
  'previews.make': 'stores nothing but what was shown',
  'setUp.look': 'stores nothing',
  'deviceSignIns.begin': 'nobody is signed in: what a person makes of it is told',
  'deviceSignIns.poll': 'nobody has decided, so nothing changes',
  'deviceSignIns.look': 'stores nothing',
  'notifications.read': 'one reads what was told to oneself',
  'notifications.unreadAgain': 'one reads what was told to oneself',
  'notifications.readAll': 'one reads what was told to oneself',
  'notifications.choose': 'one chooses what is told to oneself',
  'deployment.verifyIndex': "compares this node's index and stores nothing",
}

interface Input {
  readonly params?: Readonly<Record<string, unknown>>
  readonly query?: Readonly<Record<string, unknown>>
  readonly body?: unknown
  readonly ifMatch?: string
}

export interface Planned {
  /** Such as `policies.edit`. */
  readonly route: string
  readonly endpoint: Endpoint
  readonly kind: Kind | undefined
  readonly call: Sent | undefined
}

/** Every route of the contract, with its calls. */
export function callsIn(w: World): readonly Planned[] {
  const first = planned(requestsIn(w), kindOf)
  const also = alsoIn(w).flatMap(({ kind, inputs }) => planned(inputs, () => kind).filter(({ call }) => call))
  return [...first, ...also]
}

function planned(inputs: Inputs, kindOf: (route: string) => Kind | undefined): readonly Planned[] {
  const all = inputs as Readonly<Record<string, Readonly<Record<string, Input>> | undefined>>
  return Object.entries(api).flatMap(([resource, endpoints]) =>
    Object.entries<Endpoint>(endpoints).map(([name, endpoint]) => {
      const route = `${resource}.${name}`
      const input = all[resource]?.[name]
      return { route, endpoint, kind: kindOf(route), call: input && toCall(endpoint, input) }
    }),
  )
}

function toCall({ method, path, takes }: Endpoint, { params, query, body, ifMatch }: Input): Sent {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params?.[name])))
  const search = new URLSearchParams(
    Object.entries(query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return {
    method,
    url: search.size > 0 ? `${address}?${search}` : address,
    headers: {
      ...(body === undefined ? {} : { 'content-type': takes ?? 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    ...(body === undefined ? {} : { payload: takes ? String(body) : JSON.stringify(body) }),
  }
}
