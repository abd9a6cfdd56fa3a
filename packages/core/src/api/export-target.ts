/**
 * Where exports are put: a bucket and path, and how Headgate gets in (07). Shared by whatever is exported.
 *
 * The secret of an access key goes in and is never answered.
 */
import { z } from 'zod'
import { keyId, kmsKeyArn, principalArn, regionName, roleArn, secretKey } from './integrations.ts'

export const exportAuthenticationTypes = ['accessKey', 'iamRole'] as const
export type ExportAuthenticationType = (typeof exportAuthenticationTypes)[number]

const bucketName = z
  .string()
  .regex(
    /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)(?!xn--|sthree-)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?<!-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/,
    'must be the name of a bucket',
  )

/**
 * The folder in the bucket; slashes around it make no difference. Stars and question marks would mean more than
 * themselves in the policies that are made from it.
 */
const path = z
  .string()
  .max(500)
  .regex(/^[\p{L}\p{N}!_.'()=+@ /-]*$/u, "may hold letters, digits, spaces and any of `!_.'()=+@/-`")
  .transform(text => text.replace(/^\/+|\/+$/g, ''))
  .refine(text => !text.includes('//') && !/(^|\/)\.\.?(\/|$)/.test(text), 'must have no empty, `.` or `..` segments')

const place = {
  bucketName,
  region: regionName,
  path: path.default(''),
  /** Objects are encrypted with it; without it, as the bucket says. */
  kmsKeyArn: kmsKeyArn.optional(),
}

/** A target with whatever else an export is asked to be. */
export function targetInput<const Extra extends z.ZodRawShape>(extra: Extra) {
  return z.discriminatedUnion('authenticationType', [
    z.strictObject({
      ...place,
      authenticationType: z.literal('accessKey'),
      accessKeyId: keyId,
      secretAccessKey: secretKey,
      ...extra,
    }),
    z.strictObject({ ...place, authenticationType: z.literal('iamRole'), roleArn, ...extra }),
  ])
}

/** The same for a change: the secret may be left out, and then stays as it is while the key id does. */
export function targetEdit<const Extra extends z.ZodRawShape>(extra: Extra) {
  return z.discriminatedUnion('authenticationType', [
    z.strictObject({
      ...place,
      authenticationType: z.literal('accessKey'),
      accessKeyId: keyId,
      secretAccessKey: secretKey.optional(),
      ...extra,
    }),
    z.strictObject({ ...place, authenticationType: z.literal('iamRole'), roleArn, ...extra }),
  ])
}
/** A target as far as its policies speak of it. */
export const setupQuery = z.strictObject({
  ...place,
  /** The user that has the access key, or the role. */
  principal: principalArn,
  /** Who assumes the role; without it, whoever this server is. */
  trustedPrincipal: principalArn.optional(),
})

const bareEdit = targetEdit({})
/** With a secret, or to keep the one that is there. */
export type ExportTargetInput = z.output<typeof bareEdit>

/** As it is answered. */
export const targetAnswer = {
  bucketName: z.string(),
  region: z.string(),
  path: z.string(),
  kmsKeyArn: z.string().optional(),
  authenticationType: z.enum(exportAuthenticationTypes),
  accessKeyId: z.string().optional(),
  roleArn: z.string().optional(),
}

export const targetCheck = z.object({
  /** A permission of AWS, such as `s3:PutObject`, or `bucket`. */
  name: z.string(),
  status: z.enum(['passed', 'failed', 'warning', 'skipped']),
  /** What to do; there unless the check passed. */
  message: z.string().optional(),
})
export type TargetCheck = z.output<typeof targetCheck>

/** What a try at a target found. `failed`: nothing can be exported there. */
export const targetTest = z.object({ status: z.enum(['passed', 'failed']), checks: z.array(targetCheck) })
export type TargetTest = z.output<typeof targetTest>

/** What an AWS admin has to set up for a target, ready to paste; policies are JSON documents. */
export const targetSetup = z.object({
  /** The external id. */
  tenantId: z.string(),
  /** The user or role that writes. */
  principal: z.string(),
  /** To attach to the user or role. */
  iamPolicy: z.record(z.string(), z.unknown()),
  /** For the bucket. */
  bucketPolicy: z.record(z.string(), z.unknown()),
  /** For the role; there when one is assumed. */
  trustPolicy: z.record(z.string(), z.unknown()).optional(),
  /** To add to the policy of the key; there when there is one. */
  kmsKeyStatements: z.array(z.record(z.string(), z.unknown())).optional(),
})
export type TargetSetup = z.output<typeof targetSetup>
