/** Registering data sources, in the routes that the reference product documents (seed 001). */
import { z } from 'zod'
import { dottedName, id, idParam, name, newName, text } from './common.ts'
import { endpoint } from './endpoint.ts'
import { rules } from './needs.ts'

const MiB = 1024 * 1024

/** What a bulk call takes at most. */
export const mostAtOnce = 10_000

/** One data source of a registration. */
const registrationItem = z.strictObject({
  dataSourceName: newName,
  prefix: z.string().max(2000),
  tags: z.array(dottedName).max(100).optional(),
  description: text.optional(),
  /** The domain to put it into. */
  domain: name.optional(),
  /** Accept a star that does not follow a slash: `demographics*` also matches `demographics-old/…`. */
  midSegment: z.boolean().optional(),
  /** Accept that this scope covers or lies inside another's; needs GOVERNANCE. */
  allowOverlap: z.boolean().optional(),
})

const registration = z.strictObject({
  type: z.literal('Native S3'),
  integrationId: idParam,
  dataSources: z.array(z.custom<z.input<typeof registrationItem>>()).min(1).max(mostAtOnce),
})

export const nativeS3 = {
  register: endpoint({
    method: 'POST',
    path: '/native-s3/handler',
    summary: 'Register data sources: all of them or, when one is bad, none',
    needs: ['CREATE_S3_DATASOURCE'],
    body: registration,
    items: { in: 'dataSources', each: registrationItem },
    ifPreview: true,
    status: 200,
    response: z.array(
      z.object({
        dataSourceId: id,
        dataSourceName: z.string(),
        prefix: z.string(),
        warnings: z.array(z.string()).optional(),
      }),
    ),
    errors: [
      'integration-not-found',
      'integration-not-usable',
      'data-sources-invalid',
      'scope-not-permitted',
      'data-source-name-taken',
      'data-source-scope-taken',
      'data-source-overlap',
      'tag-not-found',
      'domain-not-found',
      'aws-refused',
      'aws-unreachable',
    ],
    bodyLimit: 32 * MiB,
  }),
  get: endpoint({
    method: 'GET',
    path: '/native-s3/handler/{id}',
    summary: 'Where one data source lies',
    needs: rules.readDataSource,
    params: z.object({ id: idParam }),
    status: 200,
    response: z.object({
      id,
      metadata: z.object({ prefix: z.string(), integrationId: z.number().int(), scope: z.string() }),
    }),
    errors: ['data-source-not-found'],
  }),
}
