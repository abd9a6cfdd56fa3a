/** The admin service of IAM Identity Center, as far as trusted sign-in to Access Grants needs it. */
import { jsonService } from '../json-protocol.ts'
import type { Service } from '../service.ts'
import * as rights from './application-rights.ts'
import { createApplication, deleteApplication, describeApplication, listApplications } from './applications.ts'
import { describeInstance, listInstances } from './instances.ts'
import { openCall } from './sso-call.ts'
import * as issuers from './token-issuers.ts'

const operations = {
  ListInstances: listInstances,
  DescribeInstance: describeInstance,
  CreateApplication: createApplication,
  DescribeApplication: describeApplication,
  ListApplications: listApplications,
  DeleteApplication: deleteApplication,
  PutApplicationAccessScope: rights.putApplicationAccessScope,
  ListApplicationAccessScopes: rights.listApplicationAccessScopes,
  PutApplicationGrant: rights.putApplicationGrant,
  ListApplicationGrants: rights.listApplicationGrants,
  PutApplicationAuthenticationMethod: rights.putApplicationAuthenticationMethod,
  GetApplicationAuthenticationMethod: rights.getApplicationAuthenticationMethod,
  PutApplicationAssignmentConfiguration: rights.putApplicationAssignmentConfiguration,
  GetApplicationAssignmentConfiguration: rights.getApplicationAssignmentConfiguration,
  CreateApplicationAssignment: rights.createApplicationAssignment,
  DeleteApplicationAssignment: rights.deleteApplicationAssignment,
  ListApplicationAssignments: rights.listApplicationAssignments,
  CreateTrustedTokenIssuer: issuers.createTrustedTokenIssuer,
  DescribeTrustedTokenIssuer: issuers.describeTrustedTokenIssuer,
  ListTrustedTokenIssuers: issuers.listTrustedTokenIssuers,
  DeleteTrustedTokenIssuer: issuers.deleteTrustedTokenIssuer,
}

export const ssoService: Service = jsonService({
  name: 'sso',
  target: 'SWBExternalService',
  handlers: Object.fromEntries(
    Object.entries(operations).map(([name, handle]) => [name, call => handle(openCall(call))] as const),
  ),
})
