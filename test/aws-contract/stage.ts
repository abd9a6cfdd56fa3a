/**
 * What every part of the contract stands on: an instance, one location under a prefix of its own, a few objects, and a
 * list of everything made. Striking the stage removes exactly that list, whatever else lies in the account.
 */
import { randomUUID } from 'node:crypto'
import { DeleteObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import {
  CreateAccessGrantCommand,
  type CreateAccessGrantCommandOutput,
  CreateAccessGrantsInstanceCommand,
  CreateAccessGrantsLocationCommand,
  DeleteAccessGrantCommand,
  DeleteAccessGrantsInstanceCommand,
  DeleteAccessGrantsLocationCommand,
  GetAccessGrantsInstanceCommand,
  GetDataAccessCommand,
  type GetDataAccessCommandInput,
  type GetDataAccessCommandOutput,
  type Permission,
  type S3ControlClient,
  type Tag,
} from '@aws-sdk/client-s3-control'
import { type ContractTarget, eventually, refusalOf } from './target.ts'

export interface GrantWish {
  /** Below the stage's location. */
  readonly subPrefix: string
  readonly permission?: Permission
  readonly isObject?: boolean
  readonly granteeArn?: string
  readonly tags?: Tag[]
}

export type Vended = GetDataAccessCommandOutput & { readonly s3: S3Client }

export interface Stage {
  readonly target: ContractTarget
  /** As the admin. */
  readonly control: S3ControlClient
  readonly account: { readonly AccountId: string }
  /** Ends with a slash; nobody else's. */
  readonly prefix: string
  /** `s3://bucket/prefix` */
  readonly root: string
  readonly instanceArn: string
  readonly locationId: string
  /** What the answer was before an instance was made; undefined when there was one already. */
  readonly withoutInstance: { readonly code: string; readonly status: number } | undefined
  grant(wish: GrantWish): Promise<CreateAccessGrantCommandOutput & { readonly AccessGrantId: string }>
  revoke(grantId: string): Promise<number>
  /** Makes a location known that must be gone in the end. */
  keepLocation(locationId: string | undefined): void
  removeLocation(locationId: string): Promise<number>
  put(key: string, body: string): Promise<void>
  /** As the grantee, once; `target` is below the stage's root. */
  ask(target: string, wish?: Partial<GetDataAccessCommandInput>): Promise<GetDataAccessCommandOutput>
  /** As the grantee, once the grant behind it is seen; with a client for the credentials. */
  vend(target: string, wish?: Partial<GetDataAccessCommandInput>): Promise<Vended>
  strike(): Promise<void>
}

export async function setStage(target: ContractTarget): Promise<Stage> {
  const control = target.control(target.admin)
  const caller = target.control(target.grantee)
  const objects = target.s3(target.admin)
  const account = { AccountId: target.accountId }
  const prefix = `headgate-contract-${randomUUID()}/`
  const root = `s3://${target.bucket}/${prefix}`
  const made = { instance: false, locations: new Set<string>(), grants: new Set<string>(), keys: new Set<string>() }

  const withoutInstance = await refusalOf(control.send(new GetAccessGrantsInstanceCommand(account)))
  if (withoutInstance !== undefined) {
    await control.send(new CreateAccessGrantsInstanceCommand(account))
    made.instance = true
  }
  const { AccessGrantsInstanceArn: instanceArn = '' } = await control.send(new GetAccessGrantsInstanceCommand(account))

  // One thing that will not go must not keep the others.
  const strike = async () => {
    const failures: unknown[] = []
    const attempt = (remove: () => Promise<unknown>) => remove().catch(error => failures.push(error))
    for (const id of made.grants) await attempt(() => stage.revoke(id))
    for (const id of made.locations) await attempt(() => stage.removeLocation(id))
    if (made.instance) {
      await attempt(() => eventually(target, () => control.send(new DeleteAccessGrantsInstanceCommand(account))))
    }
    for (const Key of made.keys) {
      await attempt(() => objects.send(new DeleteObjectCommand({ Bucket: target.bucket, Key })))
    }
    if (failures.length > 0) throw new AggregateError(failures, `something made below ${root} is still there`)
  }

  let locationId = ''
  const stage: Stage = {
    target,
    control,
    account,
    prefix,
    root,
    instanceArn,
    get locationId() {
      return locationId
    },
    withoutInstance,
    async grant({ subPrefix, permission = 'READ', isObject = false, granteeArn = target.grantee.arn, tags }) {
      const answer = await control.send(
        new CreateAccessGrantCommand({
          ...account,
          AccessGrantsLocationId: locationId,
          AccessGrantsLocationConfiguration: { S3SubPrefix: subPrefix },
          Grantee: { GranteeType: 'IAM', GranteeIdentifier: granteeArn },
          Permission: permission,
          ...(isObject ? { S3PrefixType: 'Object' } : {}),
          ...(tags === undefined ? {} : { Tags: tags }),
        }),
      )
      const AccessGrantId = answer.AccessGrantId ?? ''
      made.grants.add(AccessGrantId)
      return { ...answer, AccessGrantId }
    },
    async revoke(grantId) {
      const answer = await control.send(new DeleteAccessGrantCommand({ ...account, AccessGrantId: grantId }))
      made.grants.delete(grantId)
      return answer.$metadata.httpStatusCode ?? 0
    },
    keepLocation(id) {
      if (id !== undefined) made.locations.add(id)
    },
    async removeLocation(id) {
      // Grants that were just deleted may still be counted.
      const remove = () =>
        control.send(new DeleteAccessGrantsLocationCommand({ ...account, AccessGrantsLocationId: id }))
      const answer = await eventually(target, remove)
      made.locations.delete(id)
      return answer.$metadata.httpStatusCode ?? 0
    },
    async put(key, body) {
      made.keys.add(prefix + key)
      await objects.send(new PutObjectCommand({ Bucket: target.bucket, Key: prefix + key, Body: body }))
    },
    ask(scope, wish = {}) {
      return caller.send(
        new GetDataAccessCommand({
          ...account,
          Target: root + scope,
          Permission: 'READ',
          DurationSeconds: 900,
          ...wish,
        }),
      )
    },
    async vend(scope, wish) {
      const answer = await eventually(target, () => stage.ask(scope, wish))
      const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '' } = answer.Credentials ?? {}
      const keys = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken }
      return { ...answer, s3: target.s3({ credentials: keys }) }
    },
    strike,
  }

  try {
    const create = new CreateAccessGrantsLocationCommand({
      ...account,
      LocationScope: root,
      IAMRoleArn: target.locationRoleArn,
    })
    const location = await eventually(target, () => control.send(create))
    locationId = location.AccessGrantsLocationId ?? ''
    stage.keepLocation(locationId)
    return stage
  } catch (error) {
    await strike()
    throw error
  }
}
