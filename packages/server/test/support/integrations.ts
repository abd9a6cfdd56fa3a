/** What the tests of integrations share: a server with an AWS account, and the life of an integration in it. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { DeleteUserPolicyCommand, PutUserPolicyCommand } from '@aws-sdk/client-iam'
import { ApiError, validationTestNames } from '@headgate/core/api'
import {
  type AccountOptions,
  type Connectable,
  integrationBody,
  prepareAccount,
  type TestAccount,
} from './aws-account.ts'
import { type TestServer, type TestServerOptions, testServer } from './server.ts'

export async function connected(t: TestContext, options: AccountOptions = {}, serverOptions: TestServerOptions = {}) {
  const server = await testServer({ sandbox: true, ...serverOptions })
  t.after(server.close)
  return { server, account: await prepareAccount(server.sandbox, options) }
}

export function post(server: TestServer, input: object): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return server.admin.send('/integrations', { method: 'POST', headers, body: JSON.stringify(input) })
}

export async function body(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>
}

/** Creates and waits for the end of the background work. */
export async function create(server: TestServer, account: Connectable, config: object = {}) {
  const { id } = await server.admin.integrations.create({ body: integrationBody(account, { ...config }) })
  await server.world.background.idle()
  return server.admin.integrations.get({ params: { id } })
}

export async function settled(server: TestServer, id: string, status: string) {
  await server.world.background.idle()
  const integration = await server.admin.integrations.get({ params: { id } })
  assert.equal(integration.status, status, integration.statusMessage)
  return integration
}

export async function refused(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => undefined,
    reason => reason,
  )
  assert.ok(error instanceof ApiError, String(error))
  return error
}

export function failedTests(error: ApiError): number[] {
  const tests = error.body.validation as { name: (typeof validationTestNames)[number]; status: string }[]
  return tests.filter(({ status }) => status === 'failed').map(({ name }) => validationTestNames.indexOf(name) + 1)
}

/** Denies the controller these actions; undefined: nothing any more. */
export async function limitController({ owner }: TestAccount, actions: readonly string[] | undefined): Promise<void> {
  const name = { UserName: 'headgate-controller', PolicyName: 'limit' }
  if (actions === undefined) {
    await owner.iam.send(new DeleteUserPolicyCommand(name))
    return
  }
  const Statement = [{ Effect: 'Deny', Action: actions, Resource: '*' }]
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement })
  await owner.iam.send(new PutUserPolicyCommand({ ...name, PolicyDocument }))
}

export async function clearLocations(server: TestServer, { accountId, region }: TestAccount): Promise<void> {
  server.sandbox.state.accounts.get(accountId)?.accessGrants.get(region)?.locations.clear()
}
