import { type AccessExport, exportFormats } from '@headgate/core/api'
import { z } from 'zod'
import { type Kind, said } from '../kind.ts'

/** With a role alone: files hold no secrets, so that an export with an access key is made by hand. */
const item = z.strictObject({
  bucketName: z.string(),
  region: z.string(),
  path: z.string().default(''),
  kmsKeyArn: z.string().optional(),
  roleArn: z.string(),
  format: z.enum(exportFormats).default('csv'),
  schedule: z.string().optional(),
  timeZone: z.string().optional(),
})
type Export = z.output<typeof item>

export const accessExports: Kind<Export> = {
  ...{ name: 'accessExports', one: 'access summary export', item },
  keyOf: ({ bucketName, path }) => `s3://${bucketName}/${path}`,
  async read(caller) {
    const found = await caller.accessExports.list()
    return found.map(one => ({
      ...{ id: String(one.id), version: one.version, content: asWritten(one) },
      ...(one.authenticationType === 'accessKey' && { untouched: true as const }),
    }))
  },
  writes({ wanted, current }) {
    const params = { id: current?.id ?? '' }
    if (wanted === undefined) return [{ send: caller => caller.accessExports.remove({ params }) }]
    const body = asSent(wanted)
    if (current === undefined) return [{ send: caller => caller.accessExports.create({ body }) }]
    const ifMatch = String(current.version)
    return [{ send: caller => caller.accessExports.replace({ params, ifMatch, body }) }]
  },
}

function asSent(wanted: Export) {
  return said({ ...wanted, authenticationType: 'iamRole' as const })
}

function asWritten(read: AccessExport): Export {
  const { bucketName, region, path, kmsKeyArn, roleArn = '', format, schedule, timeZone } = read
  return said({
    ...{ bucketName, region, path, kmsKeyArn, roleArn, format },
    ...{
      schedule: read.isDefaultSchedule ? undefined : schedule,
      timeZone: read.isDefaultTimeZone ? undefined : timeZone,
    },
  }) as Export
}
