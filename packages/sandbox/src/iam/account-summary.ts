/** GetAccountSummary: how many users, roles and policies the account has, and how many AWS allows by default. */
import { authorizeIam, type IamHandler } from './iam-call.ts'

export const getAccountSummary: IamHandler = iam => {
  authorizeIam(iam, '*')
  const { users, roles, policies } = iam.account
  const counts = {
    Users: users.size,
    UsersQuota: 5000,
    Roles: roles.size,
    // What AWS gives without being asked; it can be raised to 5,000.
    RolesQuota: 1000,
    Policies: policies.size,
    PoliciesQuota: 1500,
    Groups: 0,
    GroupsQuota: 300,
  }
  return { SummaryMap: { entry: Object.entries(counts).map(([key, value]) => ({ key, value })) } }
}
