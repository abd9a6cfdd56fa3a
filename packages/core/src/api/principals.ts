/** AWS identities of people: where each stands in AWS, and how well it stands for one person (03, principal advice). */
import { z } from 'zod'
import { id, idParam, instant, nothing, page, pageQuery } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'
import { userKinds } from './users.ts'

const kind = z.enum(['iamUser', 'iamRole', 'identityCenterUser'])
const identity = z.object({ kind, identifier: z.string() })
const person = z.object({ id, userid: z.string(), name: z.string() })

const held = identity.extend({
  /** Absent: every integration without an entry of its own. */
  integrationIds: z.array(z.string()).optional(),
  /** `local`, or an identity provider. */
  source: z.string(),
  /** AWS's own id (AIDA…, AROA…). */
  uniqueId: z.string().optional(),
  /** AWS has this one under the name now: nothing is granted until a user admin confirms it. */
  waitingUniqueId: z.string().optional(),
  warning: z.string().optional(),
  checkedAt: instant.optional(),
})

const unmappedReasons = ['noPrincipal', 'severalPrincipals', 'otherAccount', 'anotherPrincipal'] as const

const mapping = z.object({
  integrationId: z.string(),
  integration: z.string(),
  /** `unmapped`: entitled or not, nothing is granted there. */
  status: z.enum(['mapped', 'unmapped']),
  principal: identity.optional(),
  why: z.enum(unmappedReasons).optional(),
  reason: z.string().optional(),
})

const principalsOfUser = z.object({
  principals: z.array(held),
  /** What identity providers say and is not in force, with the reason. */
  notStored: z.array(identity.extend({ source: z.string(), reason: z.string() })),
  /** In the order of integrations. */
  integrations: z.array(mapping),
})
export type PrincipalsOfUser = z.output<typeof principalsOfUser>

export const breadths = ['nobody', 'one', 'several', 'unknown'] as const

export const principalAdviceOf = z.object({
  user: person.extend({ kind: z.enum(userKinds) }),
  principal: identity,
  /** 1 Identity Center user, 2 an IAM identity of one person, 3 one that stands for several, or may. */
  preference: z.literal([1, 2, 3]),
  /** How many people it stands for: whoever can assume the role. */
  breadth: z.enum(breadths),
  /** In one sentence, for whoever decides about access. */
  text: z.string(),
  /** Each way in, in words, with the people of the directory who come by it where that is known. */
  who: z.array(z.object({ text: z.string(), users: z.array(person) })),
  /** When AWS was read; absent: not yet. */
  readAt: instant.optional(),
  /** Why it could not be read. */
  problem: z.string().optional(),
})
export type PrincipalAdvice = z.output<typeof principalAdviceOf>

const room = z.object({
  awsAccountId: z.string(),
  /** Absent where AWS did not tell. */
  roles: z
    .object({ used: z.number().int(), of: z.number().int(), percent: z.number(), warning: z.string().optional() })
    .optional(),
  instances: z.array(
    z.object({ awsRegion: z.string(), grants: z.object({ used: z.number().int(), of: z.number().int() }) }),
  ),
  readAt: instant.optional(),
  problem: z.string().optional(),
})
export type RoomOfAccount = z.output<typeof room>

const params = z.object({ id: idParam })
const changers = ['USER_ADMIN'] as const
const readers = ['APPLICATION_ADMIN', 'USER_ADMIN', 'GOVERNANCE', 'AUDIT'] as const

export const principals = {
  read: endpoint({
    method: 'GET',
    path: '/users/{id}/principals',
    summary: "A user's AWS identities, and for each integration which one serves there or why none does",
    needs: rules.readUser,
    params,
    status: 200,
    response: principalsOfUser,
    errors: ['user-not-found'],
  }),
  check: endpoint({
    method: 'POST',
    path: '/users/{id}/principals/check',
    summary: 'Ask AWS about the principals of a user now',
    needs: changers,
    params,
    status: 200,
    response: principalsOfUser,
    errors: ['user-not-found'],
  }),
  confirm: endpoint({
    method: 'POST',
    path: '/users/{id}/principals/confirm',
    summary: 'Take what AWS has now under the name of a principal for what is meant: it was made anew',
    needs: changers,
    params,
    body: z.strictObject({
      /** Only this one; without it, all of the user's that wait. */
      identifier: z.string().min(1).max(2048).optional(),
    }),
    status: 200,
    response: principalsOfUser,
    errors: ['user-not-found', 'self-change', 'principal-not-waiting'],
  }),
}

export const principalAdvice = {
  list: endpoint({
    method: 'GET',
    path: '/principal-advice',
    summary: 'How well principals stand for one person; by default those that stand for several or may',
    needs: readers,
    query: pageQuery.extend({
      breadth: z.enum([...breadths, 'all']).optional(),
      kind: z.enum(userKinds).optional(),
      awsAccountId: z
        .string()
        .regex(/^\d{12}$/, 'must be 12 digits')
        .optional(),
    }),
    status: 200,
    response: page(principalAdviceOf),
    errors: [],
  }),
  ofUser: endpoint({
    method: 'GET',
    path: '/users/{id}/principal-advice',
    summary: 'Whom an approval for this user would reach',
    needs: rules.readUser,
    params,
    status: 200,
    response: z.array(principalAdviceOf),
    errors: ['user-not-found'],
  }),
  accounts: endpoint({
    method: 'GET',
    path: '/principal-advice/accounts',
    summary: 'IAM roles used against the quota of each account, and grants against that of each instance',
    needs: readers,
    status: 200,
    response: z.array(room),
    errors: [],
  }),
  check: endpoint({
    method: 'POST',
    path: '/principal-advice/check',
    summary: 'Have all principals and accounts looked at in AWS soon',
    needs: changers,
    status: 202,
    response: nothing,
    errors: [],
  }),
}
