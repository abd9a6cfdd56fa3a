/**
 * The pretend company: `examples/acme` is its configuration as code, which `headgate plan` and `apply` take as well;
 * `examples/acme-demo` is what else there is to it, people and AWS accounts. Read and checked: names, not ids.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { permissions } from '@headgate/core/api'
import { parse } from 'yaml'
import { z } from 'zod'
import { examplesFolder } from '../package-files.ts'

const awsFile = z.strictObject({
  accounts: z.array(
    z.strictObject({
      accountId: z.string(),
      region: z.string(),
      buckets: z.array(z.string()),
      identityCenter: z.boolean().default(false),
      people: z.boolean().default(false),
      /** Where access summaries and the audit trail are put. */
      exports: z.string().optional(),
      integration: z.strictObject({ name: z.string(), awsLocationPath: z.string() }),
    }),
  ),
})
const attributes = z.record(z.string(), z.array(z.string())).default({})
const peopleFile = z.strictObject({
  people: z.array(
    z.strictObject({
      userid: z.string(),
      name: z.string(),
      principal: z.enum(['identityCenterUser', 'iamRole', 'iamUser']).optional(),
      /** Whoever in the account is allowed can assume the role, not this person alone. */
      sharedRole: z.boolean().default(false),
      groups: z.array(z.string()).default([]),
      attributes,
      permissions: z.array(z.enum(permissions)).default([]),
    }),
  ),
  groups: z.array(z.strictObject({ name: z.string(), description: z.string(), attributes })),
})
const dataSourcesFile = z.strictObject({
  dataSources: z.array(
    z.strictObject({
      integration: z.string(),
      name: z.string(),
      prefix: z.string(),
      tags: z.array(z.string()),
      description: z.string(),
    }),
  ),
})
const domainsFile = z.strictObject({
  domains: z.array(z.strictObject({ name: z.string(), description: z.string(), tags: z.array(z.string()) })),
})
const dataProductsFile = z.strictObject({ dataProducts: z.array(z.looseObject({ key: z.string() })) })
const requestsFile = z.strictObject({
  requests: z.array(
    z.strictObject({
      by: z.string(),
      /** The key of a data product. */
      product: z.string(),
      level: z.enum(['READ', 'WRITE']).default('READ'),
      purpose: z.string(),
      /** Without it, no end. */
      duration: z.string().optional(),
      /** Without it, the request waits. */
      decision: z
        .strictObject({
          by: z.string(),
          verdict: z.enum(['approve', 'deny']),
          reason: z.string().optional(),
          duration: z.string().optional(),
        })
        .optional(),
    }),
  ),
})
const policiesFile = z.strictObject({ policies: z.array(z.looseObject({ name: z.string() })) })

export type AcmeAccount = z.output<typeof awsFile>['accounts'][number]
export type AcmePerson = z.output<typeof peopleFile>['people'][number]
export type AcmeRequest = z.output<typeof requestsFile>['requests'][number]
export type AcmeDataSource = z.output<typeof dataSourcesFile>['dataSources'][number]

export interface Acme {
  readonly accounts: readonly AcmeAccount[]
  readonly people: readonly AcmePerson[]
  readonly groups: z.output<typeof peopleFile>['groups']
  readonly dataSources: readonly AcmeDataSource[]
  /** As the API takes them. */
  readonly policies: z.output<typeof policiesFile>['policies']
  readonly domains: z.output<typeof domainsFile>['domains']
  readonly dataProducts: z.output<typeof dataProductsFile>['dataProducts']
  readonly requests: readonly AcmeRequest[]
}

/** @throws ZodError naming what is wrong in which field */
export function readAcme(): Acme {
  const file = (name: string): unknown => parse(readFileSync(path.join(examplesFolder(), name), 'utf8'))
  const { accounts } = awsFile.parse(file('acme-demo/aws.yaml'))
  const { people, groups } = peopleFile.parse(file('acme-demo/people.yaml'))
  const { dataSources } = dataSourcesFile.parse(file('acme/data-sources.yaml'))
  const { policies } = policiesFile.parse(file('acme/policies.yaml'))
  const { domains } = domainsFile.parse(file('acme/domains.yaml'))
  const { dataProducts } = dataProductsFile.parse(file('acme/data-products.yaml'))
  const { requests } = requestsFile.parse(file('acme-demo/requests.yaml'))
  return { accounts, people, groups, dataSources, policies, domains, dataProducts, requests }
}
